package embedded

import (
	"fmt"
	"syscall"
)

// leastFree is what broker and store need to write on.
const leastFree = 1 << 20

// Full says, as an error with the mend, that the disk under dir has no room; nil
// where it has, or where that cannot be told.
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
