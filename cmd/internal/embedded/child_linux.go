package embedded

import "syscall"

// dieWithParent asks the kernel to kill the child when its parent ends. The child gets a
// process group of its own, so that Ctrl-C reaches only this process, which then ends it.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
