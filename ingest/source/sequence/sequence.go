package sequence

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// ID is what makes a message the same message when it comes again, 16 bytes that the door
// chooses: of a hash over a line, or over a control id of HL7.
type ID [16]byte

// Stream is what a number counts in: the messages of one source about one patient on one
// raw topic.
type Stream struct {
	Patient, Source, Topic string
}

// Message asks for a number.
type Message struct {
	ID     ID
	Stream Stream
	Own    uint64 // the sender's own number, which it keeps; 0: it has none
}

// Given is what a message got.
type Given struct {
	Seq      uint64 // from 1, in its stream
	Appended bool   // it came before, and is where it belongs
}

// Sequence is a file of numbers. It belongs to one goroutine.
type Sequence struct {
	file *os.File
	dead error // why the file can no longer be written

	next  map[Stream]uint64 // the number that a stream's next message gets
	place map[ID]int        // of a message in given
	given []Given           // in the order of the file
	asked []int             // places that Number has told since the last Appended
}

// entry is a line of the file: a number given, or which of those above are appended.
type entry struct {
	ID       string   `json:"id,omitempty"`
	Seq      uint64   `json:"seq,omitempty"`
	Patient  string   `json:"patient,omitempty"`
	Source   string   `json:"source,omitempty"`
	Topic    string   `json:"topic,omitempty"`
	Appended [][2]int `json:"appended,omitempty"` // from one place to before another, from 0
}

// Open opens the file at path and makes one where there is none. Errors: another process
// has it, or it holds something else. A last line without an end is one that was cut while
// it was written: nothing was appended under its number, so it is taken out.
func Open(path string) (*Sequence, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("sequence numbers: %w", err)
	}
	s := &Sequence{file: f, next: map[Stream]uint64{}, place: map[ID]int{}}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("sequence numbers: %s is in use by another process: wait for its end, or choose another file", path)
	}
	whole, err := s.load()
	if err == nil {
		err = f.Truncate(whole)
	}
	if err == nil {
		_, err = f.Seek(whole, io.SeekStart)
	}
	if err == nil && whole == 0 {
		err = syncFolder(filepath.Dir(path)) // else a power cut may take the whole file
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("sequence numbers: %s: %w", path, err)
	}
	return s, nil
}

// syncFolder puts the name of a file that was made in it on disk.
func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// load reads the file and returns the length of its whole lines.
func (s *Sequence) load() (whole int64, err error) {
	r := bufio.NewReader(s.file)
	for n := 1; ; n++ {
		line, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return whole, nil
		}
		if err != nil {
			return 0, err
		}
		whole += int64(len(line))
		var e entry
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		if err := d.Decode(&e); err != nil || !s.take(e) {
			return 0, fmt.Errorf("line %d is none of a file of sequence numbers: name another file, or a new one", n)
		}
	}
}

// take puts an entry into memory; false: it cannot be one.
func (s *Sequence) take(e entry) bool {
	for _, r := range e.Appended {
		if r[0] < 0 || r[0] > r[1] || r[1] > len(s.given) {
			return false
		}
		for i := r[0]; i < r[1]; i++ {
			s.given[i].Appended = true
		}
	}
	if e.Appended != nil {
		return true
	}
	var id ID
	if len(e.ID) != hex.EncodedLen(len(id)) || e.Seq == 0 {
		return false
	}
	if _, err := hex.Decode(id[:], []byte(e.ID)); err != nil {
		return false
	}
	st := Stream{e.Patient, e.Source, e.Topic}
	s.place[id] = len(s.given)
	s.given = append(s.given, Given{Seq: e.Seq})
	s.next[st] = max(s.next[st], e.Seq+1)
	return true
}

// Number gives each message its number: the one that it had if it came before, else the
// sender's own, else the next one of its stream. New ones are on disk when Number returns.
// After an error the sequence can no longer be used, and no number was given.
func (s *Sequence) Number(messages []Message) ([]Given, error) {
	var lines bytes.Buffer
	var fresh []entry
	place := map[ID]int{}       // of what this call gives
	next := map[Stream]uint64{} // and where the streams are by it
	enc := json.NewEncoder(&lines)
	for _, m := range messages {
		if _, before := s.place[m.ID]; before {
			continue
		}
		if _, before := place[m.ID]; before {
			continue
		}
		at, moved := next[m.Stream]
		if !moved {
			at = max(1, s.next[m.Stream])
		}
		seq := m.Own
		if seq == 0 {
			seq = at
		}
		next[m.Stream] = max(at, seq+1)
		place[m.ID] = len(s.given) + len(fresh)
		e := entry{ID: hex.EncodeToString(m.ID[:]), Seq: seq, Patient: m.Stream.Patient, Source: m.Stream.Source, Topic: m.Stream.Topic}
		if err := enc.Encode(e); err != nil {
			return nil, err
		}
		fresh = append(fresh, e)
	}
	if len(fresh) > 0 {
		if err := s.write(lines.Bytes()); err != nil {
			return nil, err
		}
		if s.dead = s.file.Sync(); s.dead != nil {
			return nil, fmt.Errorf("sequence numbers: %w", s.dead)
		}
	}
	for _, e := range fresh {
		s.take(e)
	}
	out := make([]Given, len(messages))
	for i, m := range messages {
		at := s.place[m.ID]
		if out[i] = s.given[at]; !out[i].Appended {
			s.asked = append(s.asked, at)
		}
	}
	return out, s.dead
}

// Appended says that all messages whose numbers Number has told are where they belong. It
// is not forced to disk: what a crash loses of it is only that messages are appended once
// more.
func (s *Sequence) Appended() error {
	if len(s.asked) == 0 {
		return s.dead
	}
	slices.Sort(s.asked)
	e := entry{}
	for _, at := range slices.Compact(s.asked) {
		if n := len(e.Appended); n > 0 && e.Appended[n-1][1] == at {
			e.Appended[n-1][1]++
		} else {
			e.Appended = append(e.Appended, [2]int{at, at + 1})
		}
	}
	b, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if err := s.write(append(b, '\n')); err != nil {
		return err
	}
	s.take(e)
	s.asked = s.asked[:0]
	return nil
}

// write adds to the file. After a failure part of a line may stand there, so that no more is
// written: the next Open takes it out.
func (s *Sequence) write(b []byte) error {
	if s.dead == nil {
		_, s.dead = s.file.Write(b)
	}
	if s.dead != nil {
		return fmt.Errorf("sequence numbers: %w", s.dead)
	}
	return nil
}

// Close gives the file free for another process.
func (s *Sequence) Close() error { return s.file.Close() }
