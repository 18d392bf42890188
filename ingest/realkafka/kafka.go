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
	"sync/atomic"
	"syscall"
	"testing"
)

// Options of a Kafka. The zero value is one broker without encryption or users.
type Options struct {
	Brokers    int      // 1 or 3; 0 is 1
	Secure     bool     // TLS, SCRAM users and access lists
	Port       int      // of the first broker; 0 is a free one
	Properties []string // K=V of server.properties, over those of the script
}

// Forgetful are properties that make a broker forget an idle producer after 5 s and an idle
// transactional id after 8 s, which others do after a day and a week. So a test sees within
// seconds what a site sees after a quiet week.
var Forgetful = []string{
	"producer.id.expiration.ms=5000", "producer.id.expiration.check.interval.ms=500",
	"transactional.id.expiration.ms=8000", "transaction.remove.expired.transaction.cleanup.interval.ms=1000",
}

// Kafka is one that runs in processes of its own, or stands still after Kill or Stop.
type Kafka struct {
	Addresses []string // host:port of each broker
	CA        string   // PEM file of a secure one, whose users are vigil, who may do all, and guest, who may do nothing

	script, dir string // kafka.sh, and the folder of what it has begun
}

// Wanted says whether this run is one with real servers.
func Wanted() bool { return os.Getenv("VIGIL_REAL") == "1" }

// Begin starts a Kafka whose files are in dir and returns when it takes requests. It ends when
// this process does, at the latest. The error has what the script said.
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

// Start is Begin for one test, at whose end it is killed. The test is left out where real
// servers are not wanted.
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

// Pause stops a broker's process in the middle of what it does (SIGSTOP): its connections
// stay open, and nobody answers on them.
func (k *Kafka) Pause(broker int) error { return k.signal(broker, syscall.SIGSTOP) }

// Resume lets a broker go on that Pause has stopped. It does not know how long it was away.
func (k *Kafka) Resume(broker int) error { return k.signal(broker, syscall.SIGCONT) }

// signal sends a signal to a broker's process.
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

// run runs a command of kafka.sh on the Kafka's folder and returns what it said.
func (k *Kafka) run(command string, args ...string) (string, error) {
	out, err := exec.Command(k.script, append([]string{command, "--dir", k.dir}, args...)...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("kafka.sh %s: %w: %s", command, err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// ports are those that kafka.sh takes for up to three brokers, counted from the first one's.
var ports = []int{0, 1, 2, 10, 11, 12, 20, 21, 22}

// FreePort finds ports that are free for a Kafka and returns the first. It begins at a number
// that depends on the process, so that tests side by side rarely look at the same ones.
func FreePort() int {
	for first := 20000 + os.Getpid()*37%10000; ; first += 101 {
		if !slices.ContainsFunc(ports, func(p int) bool { return !free(first + p) }) {
			return first
		}
	}
}

// free says whether nobody listens on a port now.
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

var (
	shared   *Kafka       // of all tests of a package, nil where none is wanted
	prefixes atomic.Int64 // how many Prefix has given
)

// Main runs a package's tests, with one Kafka for all of them where real servers are wanted: a
// Kafka for each test would take six seconds of each. It is for TestMain and returns the exit
// code.
func Main(m interface{ Run() int }, o Options) (code int) {
	if !Wanted() {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "vigil-kafka")
	if err == nil {
		defer os.RemoveAll(dir)
		shared, err = Begin(dir, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := shared.Kill(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}()
	return m.Run()
}

// Shared is the Kafka that Main has begun, nil where none is wanted.
func Shared() *Kafka { return shared }

// Prefix returns a prefix of topics that no other test of this process has, as topics on a
// shared Kafka stay until its end.
func Prefix() string { return fmt.Sprintf("t%d.", prefixes.Add(1)) }
