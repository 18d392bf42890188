package embedded

import (
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// Lock makes dir, which it creates for this user alone if need be, this process's own until unlock is called, so
// that two demos on one --state do not write into each other's files. The kernel drops the
// lock with the process, so that none is left over after kill -9.
func Lock(dir string) (unlock func(), err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("--state %s is in use by another vigil: wait for its end, or choose another folder", dir)
	}
	return func() { f.Close() }, nil
}
