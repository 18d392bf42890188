package boot

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// signposts is the folder in which each running demo of this user says where its broker is, in a file named by its
// process; empty where this machine has no place for it.
func signposts() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "vigil", "demos")
}

// putSignpost says where this process's embedded broker is. It is a convenience: where it cannot be written,
// --brokers names the broker as before.
func putSignpost(address string) (remove func()) {
	dir := signposts()
	file := filepath.Join(dir, strconv.Itoa(os.Getpid())+"-"+strings.ReplaceAll(address, ":", "-"))
	if dir == "" || os.MkdirAll(dir, 0o700) != nil || os.WriteFile(file, []byte(address), 0o600) != nil {
		return func() {}
	}
	return func() { _ = os.Remove(file) }
}

// RunningDemos are the addresses of the brokers of this user's running demos, the newest first. Signposts that
// killed processes left behind are taken away.
func RunningDemos() (addresses []string) {
	dir := signposts()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var newest time.Time
	for _, e := range entries {
		file := filepath.Join(dir, e.Name())
		process, _, _ := strings.Cut(e.Name(), "-")
		pid, err := strconv.Atoi(process)
		text, readErr := os.ReadFile(file)
		info, infoErr := e.Info()
		if err != nil || readErr != nil || infoErr != nil {
			continue
		}
		if !runs(pid, string(text)) {
			_ = os.Remove(file)
			continue
		}
		if info.ModTime().After(newest) {
			newest = info.ModTime()
			addresses = append([]string{string(text)}, addresses...)
		} else {
			addresses = append(addresses, string(text))
		}
	}
	return addresses
}

// runs says whether a process is there and something listens at its address.
func runs(pid int, address string) bool {
	if pid < 1 || syscall.Kill(pid, 0) != nil {
		return false
	}
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
