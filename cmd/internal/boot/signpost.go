package boot

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/embedded"
	"github.com/vigil-icu/vigil/ingest/kafka"
)

// Demo is a process of this user with a broker of its own.
type Demo struct {
	Address  string // of the broker, host:port
	password string // of embedded.User; empty: it asks for none
	signpost string // the file that says so
}

// login gives a cluster the broker's password.
func (d Demo) login(c *kafka.Cluster) (err error) {
	if d.password != "" {
		c.SASL, err = kafka.Login("scram-sha-256", embedded.User, d.password)
	}
	return err
}

// signposts is the folder in which each running demo of this user says where its broker is and by which password it lets
// in, in a file named by its process, which only this user reads; empty where this machine has no place for it.
func signposts() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "vigil", "demos")
}

// putSignpost says where this process's embedded broker is. Where it cannot be written, no other process of this user
// finds the broker.
func (d Demo) putSignpost() (remove func()) {
	dir := signposts()
	file := filepath.Join(dir, strconv.Itoa(os.Getpid())+"-"+strings.ReplaceAll(d.Address, ":", "-"))
	if dir == "" || os.MkdirAll(dir, 0o700) != nil || os.WriteFile(file, []byte(d.Address+"\n"+d.password), 0o600) != nil {
		return func() {}
	}
	return func() { _ = os.Remove(file) }
}

// RunningDemos are the addresses of the brokers of this user's running demos, the newest first. Signposts that
// killed processes left behind are taken away.
func RunningDemos() (addresses []string) {
	for _, d := range demos() {
		if listens(d.Address) {
			addresses = append(addresses, d.Address)
		} else {
			_ = os.Remove(d.signpost)
		}
	}
	return addresses
}

// demos are those whose process is there, the newest first; that their brokers answer was not asked.
func demos() (list []Demo) {
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
		if pid < 1 || syscall.Kill(pid, 0) != nil {
			_ = os.Remove(file)
			continue
		}
		d := Demo{signpost: file}
		d.Address, d.password, _ = strings.Cut(string(text), "\n")
		if info.ModTime().After(newest) {
			newest = info.ModTime()
			list = append([]Demo{d}, list...)
		} else {
			list = append(list, d)
		}
	}
	return list
}

// listens says whether something listens at an address.
func listens(address string) bool {
	c, err := net.DialTimeout("tcp", address, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}
