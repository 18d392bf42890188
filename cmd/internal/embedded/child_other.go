//go:build !linux

package embedded

import "syscall"

// dieWithParent cannot be asked of this system's kernel: after kill -9 of this
// process the server stays until it is stopped by hand.
func dieWithParent() *syscall.SysProcAttr { return nil }
