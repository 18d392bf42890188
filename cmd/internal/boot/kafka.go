package boot

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
)

// PasswordVariable is the environment variable of the Kafka password.
const PasswordVariable = "VIGIL_KAFKA_PASSWORD"

// Kafka says how to reach a Kafka that runs elsewhere.
type Kafka struct {
	Brokers []string
	Prefix  string // of topics and groups

	TLS           bool   // implied by the files
	CA            string // PEM file that the brokers' certificates are checked against; empty: the system's
	Cert, Key     string // PEM files of this client
	Mechanism     string // plain, scram-sha-256, scram-sha-512; empty: no user
	User          string
	PasswordFile  string // empty: the environment's
	ID            string // of this process in the group; empty: none
	PasswordInEnv string
}

// Cluster returns the configured cluster without reaching for it. Its errors are mistakes of
// the configuration.
func (k *Kafka) Cluster() (*kafka.Cluster, error) {
	c := &kafka.Cluster{Brokers: k.Brokers, Prefix: k.Prefix}
	if k.ID != "" {
		c.ClientID = "vigil-" + k.ID
	}
	var err error
	if c.TLS, err = k.encryption(); err != nil {
		return nil, Usage(err)
	}
	if err := k.login(c); err != nil {
		return nil, Usage(err)
	}
	if c.SASL != nil && strings.EqualFold(k.Mechanism, "plain") && c.TLS == nil {
		return nil, Usage(errors.New("--sasl plain sends the password as it is: add --tls, or use scram-sha-512"))
	}
	return c, nil
}

// encryption is the TLS of the connection; nil for none. A file of authority or certificate
// asks for TLS too.
func (k *Kafka) encryption() (*tls.Config, error) {
	if !k.TLS && k.CA == "" && k.Cert == "" && k.Key == "" {
		return nil, nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if k.CA != "" {
		pem, err := os.ReadFile(k.CA)
		if err != nil {
			return nil, fmt.Errorf("--tls-ca: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("--tls-ca %s holds no certificate: want PEM, -----BEGIN CERTIFICATE-----", k.CA)
		}
	}
	if (k.Cert == "") != (k.Key == "") {
		return nil, errors.New("--tls-cert and --tls-key go together: name both PEM files")
	}
	if k.Cert != "" {
		pair, err := tls.LoadX509KeyPair(k.Cert, k.Key)
		if err != nil {
			return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", k.Cert, k.Key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// login gives the cluster user and password. The password is never a flag, which everybody
// on the machine could read; that of a demo of this user is known.
func (k *Kafka) login(c *kafka.Cluster) (err error) {
	if k.Mechanism == "" {
		if k.User != "" {
			return errors.New("--user wants --sasl: plain, scram-sha-256 or scram-sha-512")
		}
		for _, d := range demos() {
			if len(k.Brokers) == 1 && k.Brokers[0] == d.Address {
				return d.login(c)
			}
		}
		return nil
	}
	if k.User == "" {
		return fmt.Errorf("--sasl %s wants --user", k.Mechanism)
	}
	password := k.PasswordInEnv
	if k.PasswordFile != "" {
		b, err := os.ReadFile(k.PasswordFile)
		if err != nil {
			return fmt.Errorf("--password-file: %w", err)
		}
		password = strings.TrimRight(string(b), "\r\n")
	}
	if password == "" {
		return fmt.Errorf("there is no password for %s: put it into the environment as %s, or into a file named by --password-file", k.User, PasswordVariable)
	}
	if c.SASL, err = kafka.Login(k.Mechanism, k.User, password); err != nil {
		return fmt.Errorf("--sasl: %w", err)
	}
	return nil
}

// Reach connects within 5 s, and says clearly when there is no broker or it refuses. The
// error carries the exit code; the caller closes the cluster.
func (k *Kafka) Reach(ctx context.Context) (*kafka.Cluster, error) {
	c, err := k.Cluster()
	if err != nil {
		return nil, err
	}
	try, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	err = c.Reach(try)
	switch {
	case err == nil:
		return c, nil
	case ctx.Err() != nil:
		return nil, Interrupted()
	}
	return nil, Dependency(err)
}
