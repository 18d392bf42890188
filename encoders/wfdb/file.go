package wfdb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// file is an open file that can be read at any place. Where the file system gives none such, as an
// archive does, it is read on from where it is, and from its begin for an earlier place.
type file struct {
	fsys fs.FS
	name string
	open fs.File
	size int64
	at   int64 // the next byte, where open is read on
}

func openFile(fsys fs.FS, name string) (*file, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, missing(name, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is no file", name)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &file{fsys: fsys, name: name, open: f, size: info.Size()}, nil
}

// missing says it shortly where a file is not there.
func missing(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is not there: %w", name, fs.ErrNotExist)
	}
	return fmt.Errorf("%s: %w", name, err)
}

// ReadAt reads a full buffer, or what is left of the file and io.EOF.
func (f *file) ReadAt(b []byte, offset int64) (int, error) {
	if at, ok := f.open.(io.ReaderAt); ok {
		return at.ReadAt(b, offset)
	}
	if offset < f.at {
		again, err := f.fsys.Open(f.name)
		if err != nil {
			return 0, err
		}
		f.open.Close()
		f.open, f.at = again, 0
	}
	skipped, err := io.CopyN(io.Discard, f.open, offset-f.at)
	f.at += skipped
	if err != nil {
		return 0, err
	}
	n, err := io.ReadFull(f.open, b)
	f.at += int64(n)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

func (f *file) Close() error { return f.open.Close() }

// readSmall reads a whole file of at most limit bytes.
func readSmall(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, missing(name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s has more than %d bytes", name, limit)
	}
	return b, nil
}
