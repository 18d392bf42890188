package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"

	"github.com/twmb/franz-go/pkg/kfake"
)

// Broker is an embedded Kafka broker, a kfake.
type Broker struct{ cluster *kfake.Cluster }

// User is whom the broker lets in, with the password that it was started with.
const User = "vigil"

// StartBroker starts a broker that keeps its log in dir, on a port of the loopback interface;
// port 0 takes any free one. Who comes must log in as [User] by SCRAM-SHA-256 with the password; without
// a password everybody on this machine may come. It goes on with what an earlier broker left in dir. An
// error says which flag mends it.
func StartBroker(dir string, port int, password string) (*Broker, error) {
	if err := private(dir); err != nil {
		return nil, fmt.Errorf("broker files: %w; choose another folder with --state", err)
	}
	// What is left of an earlier start may hold that one's password, which the broker would go by instead.
	if err := os.Remove(filepath.Join(dir, "sasl.json")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("broker files: %w; choose another folder with --state", err)
	}
	options := []kfake.Opt{
		kfake.NumBrokers(1), kfake.DataDir(dir),
		kfake.BrokerConfigs(map[string]string{"message.max.bytes": strconv.Itoa(16 << 20), "log.retention.ms": "-1"}),
	}
	if password != "" {
		options = append(options, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", User, password))
	}
	if port != 0 {
		options = append(options, kfake.Ports(port))
	}
	c, err := kfake.NewCluster(options...)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("port %d is in use: choose another with --port, or leave it out for any free one", port)
	case errors.Is(err, syscall.EACCES) && port != 0:
		return nil, fmt.Errorf("port %d is not allowed to this user: choose one from 1024 up with --port, or leave it out for any free one", port)
	case err != nil:
		return nil, fmt.Errorf("the embedded broker does not start on %s: %w; is the disk full, or are the files another version's? choose another folder with --state", filepath.Clean(dir), err)
	}
	return &Broker{c}, nil
}

// Addresses are where clients reach the broker, host:port.
func (b *Broker) Addresses() []string { return b.cluster.ListenAddrs() }

// Close writes what is open to disk and stops the broker.
func (b *Broker) Close() { b.cluster.Close() }
