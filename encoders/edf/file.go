package edf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// File is an open recording, whose data records are read one after another. It is for one
// goroutine at a time.
type File struct {
	Header  Header
	in      io.ReaderAt
	signals []waveform.Signal // without annotations
	places  []int64           // of these in a record
	times   int               // the signal of annotations that tells the records' times, -1 without
	first   float64           // the onset of the first record, in seconds from the header's start
	at      int64
	bytes   []byte
}

// Annotation is a remark on a time.
type Annotation struct {
	// Seconds is when it begins, from the begin of the recording on, Duration how long it lasts.
	Seconds, Duration float64
	Text              string
}

// Open reads the header of a recording of so many bytes.
func Open(in io.ReaderAt, size int64) (*File, error) {
	f := &File{in: in, times: -1}
	h := &f.Header
	b, err := f.read(0, fixed, size)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	n, err := h.parseFixed(b)
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	if b, err = f.read(fixed, fixed*n, size); err == nil {
		err = h.parseSignals(b, n)
	}
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	held := (size - h.bytes) / h.record
	switch {
	case h.Records < 0: // the recording has not been ended
		h.Records = held
	case held < h.Records:
		return nil, fmt.Errorf("holds %d records of %d bytes, want %d as the header says", held, h.record, h.Records)
	}
	for i, s := range h.signals {
		switch {
		case !s.annotations:
			f.signals, f.places = append(f.signals, s.Signal), append(f.places, s.offset)
		case f.times < 0:
			f.times = i
		}
	}
	if h.Gaps && f.times < 0 {
		return nil, fmt.Errorf("is EDF+D without a signal \"EDF Annotations\", which would tell the records' times")
	}
	if h.Plus && f.times >= 0 && h.Records > 0 {
		if f.first, err = f.onset(0); err != nil {
			return nil, err
		}
		h.Start = h.Start.Add(time.Duration(math.Round(f.first*1e6)) * time.Microsecond)
	}
	return f, nil
}

// read is n bytes from a place on, good until the next call.
func (f *File) read(at int64, n int, size int64) ([]byte, error) {
	if at+int64(n) > size {
		return nil, fmt.Errorf("ends at byte %d, want %d", size, at+int64(n))
	}
	if cap(f.bytes) < n {
		f.bytes = make([]byte, n)
	}
	f.bytes = f.bytes[:n]
	got, err := f.in.ReadAt(f.bytes, at)
	if got < n {
		return nil, fmt.Errorf("%d bytes at byte %d, want %d: %w", got, at, n, err)
	}
	return f.bytes, nil
}

// Signals are those with samples.
func (f *File) Signals() []waveform.Signal { return f.signals }

// FrameRate is how many records there are in a second.
func (f *File) FrameRate() float64 {
	if f.Header.Duration == 0 {
		return 0 // a file of annotations
	}
	return 1 / f.Header.Duration
}

// Frames is how many records there are.
func (f *File) Frames() int64 { return f.Header.Records }

// Goto makes a record the next one.
func (f *File) Goto(record int64) error {
	if record < 0 || record > f.Header.Records {
		return fmt.Errorf("there are %d records, and none %d", f.Header.Records, record)
	}
	f.at = record
	return nil
}

// chunkBytes is how many bytes of records a chunk has at most, or one record.
const chunkBytes = 1 << 20

// Next fills the chunk with up to so many records, fewer where there is a gap behind them and at
// the end. Behind the last record it returns io.EOF.
func (f *File) Next(c *waveform.Chunk, records int) error {
	h := &f.Header
	if f.at >= h.Records {
		return io.EOF
	}
	n := min(int64(max(records, 1)), h.Records-f.at, max(1, chunkBytes/h.record))
	seconds := float64(float64(f.at) * h.Duration)
	if h.Gaps {
		onset, err := f.onset(f.at)
		if err != nil {
			return err
		}
		seconds = onset - f.first
		if n, err = f.together(n, onset); err != nil {
			return err
		}
	}
	b, err := f.read(h.bytes+f.at*h.record, int(n*h.record), h.bytes+h.Records*h.record)
	if err != nil {
		return err
	}
	c.Reset(f.signals, f.at, int(n))
	c.Seconds = seconds
	for i, s := range f.signals {
		into := c.Samples[i]
		for k := range n {
			from := b[k*h.record+f.places[i]:]
			for j := range s.PerFrame {
				into[int(k)*s.PerFrame+j] = int32(int16(binary.LittleEndian.Uint16(from[2*j:])))
			}
		}
	}
	f.at += n
	return nil
}

// together is how many of the next n records follow each other, from one that begins at onset.
func (f *File) together(n int64, onset float64) (int64, error) {
	duration := f.Header.Duration
	for k := int64(1); k < n; k++ {
		next, err := f.onset(f.at + k)
		if err != nil {
			return 0, err
		}
		if math.Abs(next-onset-float64(float64(k)*duration)) > 0.001*duration {
			return k, nil
		}
	}
	return n, nil
}

// onset is the time of a record from the header's start on, as its first annotation tells it.
func (f *File) onset(record int64) (float64, error) {
	lists, err := f.lists(record, f.times)
	if err != nil {
		return 0, err
	}
	if len(lists) == 0 || len(lists[0].texts) == 0 || lists[0].texts[0] != "" {
		return 0, fmt.Errorf("record %d: its annotations do not begin with the time of the record", record+1)
	}
	return lists[0].onset, nil
}

// list is a time-stamped list of annotations.
type list struct {
	onset, duration float64
	texts           []string
}

// lists reads those of a record in a signal.
func (f *File) lists(record int64, i int) ([]list, error) {
	h := &f.Header
	s := h.signals[i]
	b, err := f.read(h.bytes+record*h.record+s.offset, 2*s.PerFrame, h.bytes+h.Records*h.record)
	if err != nil {
		return nil, err
	}
	found, err := parseLists(b)
	if err != nil {
		return nil, fmt.Errorf("record %d: annotations: %w", record+1, err)
	}
	return found, nil
}

// Bytes that part the pieces of annotations.
const (
	endOfText = 0x14
	duration  = 0x15
)

func parseLists(b []byte) (found []list, err error) {
	for {
		b = bytes.TrimLeft(b, "\x00")
		if len(b) == 0 {
			return found, nil
		}
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			return nil, fmt.Errorf("%q has no end, want a zero byte", clip(b))
		}
		pieces := bytes.Split(b[:end], []byte{endOfText})
		if last := pieces[len(pieces)-1]; len(pieces) < 2 || len(last) > 0 {
			return nil, fmt.Errorf("%q, want a time and texts, each ended by byte 20", clip(b[:end]))
		}
		when, length, hasLength := bytes.Cut(pieces[0], []byte{duration})
		l := list{}
		if len(when) == 0 || when[0] != '+' && when[0] != '-' {
			return nil, fmt.Errorf("time %q, want a sign and seconds", clip(when))
		}
		if l.onset, err = number("time", string(when)); err != nil {
			return nil, err
		}
		if hasLength {
			if l.duration, err = number("duration", string(length)); err != nil {
				return nil, err
			}
		}
		for _, text := range pieces[1 : len(pieces)-1] {
			l.texts = append(l.texts, strings.ToValidUTF8(string(text), "�"))
		}
		found = append(found, l)
		b = b[end:]
	}
}

func clip(b []byte) []byte { return b[:min(len(b), 40)] }

// Annotations are all that have a text, in the order of the file. It leaves the next record what it
// is.
func (f *File) Annotations() ([]Annotation, error) {
	var all []Annotation
	for record := range f.Header.Records {
		for i, s := range f.Header.signals {
			if !s.annotations {
				continue
			}
			lists, err := f.lists(record, i)
			if err != nil {
				return nil, err
			}
			for _, l := range lists {
				for _, text := range l.texts {
					if text != "" {
						all = append(all, Annotation{l.onset - f.first, l.duration, text})
					}
				}
			}
		}
	}
	return all, nil
}
