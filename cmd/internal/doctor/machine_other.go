//go:build !linux

package doctor

// What these say on Linux is not looked for elsewhere: sites run on Linux.
func openFiles() (n uint64, ok bool)           { return 0, false }
func freeDisk(path string) (n uint64, ok bool) { return 0, false }
func freeMemory() (n uint64, ok bool)          { return 0, false }
