package realkafka

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Options of a Kafka; the zero value is one broker in the clear.
type Options struct {
	Brokers    int // 1 or 3; 0: 1
	Secure     bool
	Port       int      // of the first broker; 0: a free one
	Properties []string // K=V of server.properties, over the script's own
}

// Forgetful makes a broker forget an idle producer after 5 s and an idle
// transactional id after 8 s, which others do after a day and a week.
var Forgetful = []string{
	"producer.id.expiration.ms=5000", "producer.id.expiration.check.interval.ms=500",
	"transactional.id.expiration.ms=8000", "transaction.remove.expired.transaction.cleanup.interval.ms=1000",
}

// Kafka is one that runs in processes of its own, or stands still after Kill or Stop.
type Kafka struct {
	Addresses []string // host:port of each broker
	CA        string   // PEM file of a secure one; its users are vigil (may do all) and guest (may do nothing)

	script, dir string
}

// Wanted says whether this run is one with real servers.
func Wanted() bool { return os.Getenv("VIGIL_REAL") == "1" }

// Begin starts a Kafka whose files are in dir; it ends when this process does, at the
// latest.
func Begin(dir string, o Options) (*Kafka, error) {
	if o.Port == 0 {
		o.Port = FreePort()
	}
	script, err := script()
	if err != nil {
		return nil, err
	}
	k := &Kafka{script: script, dir: dir}
	args := []string{"--port", strconv.Itoa(o.Port), "--brokers", strconv.Itoa(max(1, o.Brokers)), "--while", strconv.Itoa(os.Getpid())}
	if o.Secure {
		args = append(args, "--secure")
		k.CA = filepath.Join(dir, "ca.pem")
	}
	for _, p := range o.Properties {
		args = append(args, "--property", p)
	}
	said, err := k.run("start", args...)
	if err != nil {
		return nil, err
	}
	_, addresses, _ := strings.Cut(said, "Kafka at ")
	k.Addresses = strings.Split(addresses, ",")
	return k, nil
}

// Start is Begin for one test, which is left out where real servers are not wanted.
func Start(t testing.TB, o Options) *Kafka {
	t.Helper()
	if !Wanted() {
		t.Skip("needs a real Kafka: make test-real")
	}
	k, err := Begin(filepath.Join(t.TempDir(), "kafka"), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.Kill(); err != nil {
			t.Error(err)
		}
	})
	return k
}

// Address is the first broker's.
func (k *Kafka) Address() string { return k.Addresses[0] }

// Kill is kill -9 of the brokers named, 1 and up, or of all; it returns when they are
// gone.
func (k *Kafka) Kill(brokers ...int) error {
	if len(brokers) == 0 {
		_, err := k.run("kill")
		return err
	}
	for _, b := range brokers {
		if _, err := k.run("kill", strconv.Itoa(b)); err != nil {
			return err
		}
	}
	return nil
}

// Pause stops a broker's process in the middle of what it does (SIGSTOP); Resume lets
// it go on.
func (k *Kafka) Pause(broker int) error  { return k.signal(broker, syscall.SIGSTOP) }
func (k *Kafka) Resume(broker int) error { return k.signal(broker, syscall.SIGCONT) }

func (k *Kafka) signal(broker int, s syscall.Signal) error {
	text, err := os.ReadFile(filepath.Join(k.dir, strconv.Itoa(broker), "pid"))
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return err
	}
	return syscall.Kill(pid, s)
}

// Stop ends all brokers in good order.
func (k *Kafka) Stop() error {
	_, err := k.run("stop")
	return err
}

// Again begins the brokers that do not run and returns when they have started.
func (k *Kafka) Again() error {
	_, err := k.run("start", "--while", strconv.Itoa(os.Getpid()))
	return err
}

func (k *Kafka) run(command string, args ...string) (string, error) {
	out, err := exec.Command(k.script, append([]string{command, "--dir", k.dir}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kafka.sh %s: %w: %s", command, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// ports that kafka.sh takes, from that of the first broker on.
var ports = []int{0, 1, 2, 10, 11, 12, 20, 21, 22}

// FreePort finds the ports that a Kafka takes and returns the first.
func FreePort() int {
	for first := 20000 + os.Getpid()*37%10000; ; first += 101 {
		if !slices.ContainsFunc(ports, func(p int) bool { return !free(first + p) }) {
			return first
		}
	}
}

func free(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return false
	}
	l.Close()
	return true
}

// script is deploy/dev/kafka.sh of the module that the test is in.
func script() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil && dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return filepath.Join(dir, "deploy", "dev", "kafka.sh"), nil
		}
	}
	return "", fmt.Errorf("deploy/dev/kafka.sh is not to be found: run this inside the module (%w)", err)
}
