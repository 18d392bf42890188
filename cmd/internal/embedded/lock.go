package embedded

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
)

// Lock makes dir, which it creates if need be, this process's own until unlock is called, so
// that two demos on one --state do not write into each other's files. The kernel drops the
// lock with the process, so that none is left over after kill -9.
//
// What is in the folder is of patients: until unlock all files that this process and its
// children make are their user's alone, and so is the folder, if it is a state folder already
// or holds nothing else.
func Lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	own := isOwn(dir)
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("--state %s is in use by another vigil: wait for its end, or choose another folder", dir)
	}
	if own {
		if err := os.Chmod(dir, 0o700); err != nil {
			f.Close()
			return nil, fmt.Errorf("--state: %w; choose a folder of your own", err)
		}
	}
	before := syscall.Umask(0o077)
	return func() {
		syscall.Umask(before)
		f.Close()
	}, nil
}

// isOwn says whether a folder is one that Lock has made its own before, or empty. Any other
// may be somebody's home, whose rights are not Vigil's to change.
func isOwn(dir string) bool {
	if _, err := os.Stat(filepath.Join(dir, "lock")); err == nil {
		return true
	}
	d, err := os.Open(dir)
	if err != nil {
		return false
	}
	defer d.Close()
	_, err = d.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

// private makes a folder of broker or store, which is its user's alone, with all that an older
// version may have left open in it.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return os.Chmod(dir, 0o700)
}
