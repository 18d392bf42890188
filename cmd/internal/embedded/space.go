package embedded

import (
	"fmt"
	"syscall"
)

// leastFree is how many bytes must be free for broker and store to go on writing.
const leastFree = 1 << 20

// Full returns an error that says how to mend it if the disk under dir has no room, and nil
// if it has or if that cannot be told.
func Full(dir string) error {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return nil
	}
	if free := int64(s.Bavail) * int64(s.Bsize); free < leastFree {
		return fmt.Errorf("the disk is full: %d bytes are free under %s: make room, or choose another folder with --state", free, dir)
	}
	return nil
}
