package sinks

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/vigil-icu/vigil/schemas"
)

// File appends alerts to a file, one JSON object a line, the bodies of the alert's topic. A line is on disk when
// Deliver returns. What the end of the file holds already is not written again, and half a line of a process that
// was killed is taken away: nobody was told that it was there. The file may be moved away at any time; the next
// alert begins another.
type File struct {
	path string
	lock *os.File

	mu    sync.Mutex
	known map[string]bool // keys of the last lines
	order []string        // the same, the oldest first
}

// knownLines is how many of the last lines are known, many times what is told again after a crash.
const knownLines = 10_000

// NewFile opens a sink. A lock beside the file keeps a second process from writing between its lines.
func NewFile(s FileSettings) (*File, error) {
	if info, err := os.Stat(s.Path); err == nil && !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no plain file", s.Path)
	}
	lock, err := lockFile(s.Path + ".lock")
	if err != nil {
		return nil, err
	}
	f := &File{path: s.Path, lock: lock, known: map[string]bool{}}
	if err := f.load(); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return f, nil
}

// tailBytes is how much of the end of the file is read for its keys.
const tailBytes = 16 << 20

// load reads the keys of the last lines and cuts off half a line.
func (f *File) load() error {
	file, err := os.OpenFile(f.path, os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	from := max(0, size-tailBytes)
	tail := make([]byte, size-from)
	if _, err := file.ReadAt(tail, from); err != nil && err != io.EOF {
		return err
	}
	end := bytes.LastIndexByte(tail, '\n') + 1
	if end < len(tail) {
		if end == 0 && from > 0 {
			return fmt.Errorf("%s ends with a line of more than %d bytes: it is no file of alerts", f.path, tailBytes)
		}
		if err := file.Truncate(from + int64(end)); err != nil {
			return err
		}
	}
	lines := bufio.NewScanner(bytes.NewReader(tail[:end]))
	lines.Buffer(nil, tailBytes)
	for lines.Scan() {
		var a struct {
			ID       string `json:"id"`
			Revision int    `json:"revision"`
		}
		if json.Unmarshal(lines.Bytes(), &a) == nil && a.ID != "" { // the first one may be cut
			f.note(&Notice{Alert: schemas.Alert{ID: a.ID, Revision: a.Revision}})
		}
	}
	return lines.Err()
}

func (f *File) note(n *Notice) {
	if f.known[n.Key()] {
		return
	}
	if len(f.order) == knownLines {
		delete(f.known, f.order[0])
		f.order = f.order[1:]
	}
	f.known[n.Key()] = true
	f.order = append(f.order, n.Key())
}

// Deliver appends the notices that are not there.
func (f *File) Deliver(_ context.Context, notices []Notice) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var lines []byte
	for i := range notices {
		if f.known[notices[i].Key()] {
			continue
		}
		body, err := notices[i].body()
		if err != nil {
			return 0, err
		}
		lines = append(append(lines, body...), '\n')
	}
	if err := f.append(lines); err != nil {
		return 0, err
	}
	for i := range notices {
		f.note(&notices[i])
	}
	return len(notices), nil
}

// append writes whole lines or none.
func (f *File) append(lines []byte) (err error) {
	if len(lines) == 0 {
		return nil
	}
	file, err := os.OpenFile(f.path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err = file.Write(lines); err == nil {
		err = file.Sync()
	}
	if err != nil {
		return errors.Join(err, file.Truncate(size)) // as of a full disk
	}
	return nil
}

// Close gives the file back.
func (f *File) Close() error { return f.lock.Close() }

// lockFile takes a lock that ends with the process.
func lockFile(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o640)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use: another process of this sink writes there", filepath.Base(path)), f.Close())
	}
	return f, nil
}
