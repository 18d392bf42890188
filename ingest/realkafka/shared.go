package realkafka

import (
	"fmt"
	"os"
	"sync/atomic"
)

// shared is the Kafka of all tests of a package, nil where none is wanted.
var (
	shared   *Kafka
	prefixes atomic.Int64
)

// Main runs a package's tests; where real servers are wanted, with one Kafka for all
// of them. It is for TestMain and returns the exit code.
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

// Prefix is one that no other test of this process has: topics on a shared Kafka stay
// until its end.
func Prefix() string { return fmt.Sprintf("t%d.", prefixes.Add(1)) }
