package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
)

// kafkaFlags adds the flags of a command that reaches a Kafka. prefixOf says for the help what the
// topic prefix is put before.
func kafkaFlags(cmd *cobra.Command, k *boot.Kafka, brokers []string, prefixOf string) {
	k.PasswordInEnv = os.Getenv(boot.PasswordVariable)
	f := cmd.Flags()
	f.StringSliceVar(&k.Brokers, "brokers", brokers, "Kafka brokers, host:port")
	f.StringVar(&k.Prefix, "topic-prefix", "", "prefix of "+prefixOf)
	f.BoolVar(&k.TLS, "tls", false, "encrypt; the brokers' certificates are checked against the system's authorities")
	f.StringVar(&k.CA, "tls-ca", "", "PEM file of the authority to check them against instead")
	f.StringVar(&k.Cert, "tls-cert", "", "PEM file of this client's certificate")
	f.StringVar(&k.Key, "tls-key", "", "PEM file of its key")
	f.StringVar(&k.Mechanism, "sasl", "", "log in: plain, scram-sha-256, scram-sha-512")
	f.StringVar(&k.User, "user", "", "user of --sasl; the password comes from "+boot.PasswordVariable)
	f.StringVar(&k.PasswordFile, "password-file", "", "file that holds the password, instead")
}

// reachWatched reaches the Kafka of the flags. Without --brokers that is the one of a demo that runs on this machine
// under this user, if there is one.
func reachWatched(cmd *cobra.Command, k *boot.Kafka) (*kafka.Cluster, error) {
	if !cmd.Flags().Changed("brokers") {
		if demos := boot.RunningDemos(); len(demos) > 0 {
			k.Brokers = demos[:1]
			more := ""
			if len(demos) > 1 {
				more = "; others are at " + strings.Join(demos[1:], ", ") + " (--brokers)"
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "found a demo at %s%s\n", demos[0], more)
		}
	}
	return k.Reach(cmd.Context())
}

// redisFlags adds the flags of a command that reaches a Redis. The password is none of them.
func redisFlags(cmd *cobra.Command, r *boot.Redis, usage string) {
	r.PasswordInEnv = os.Getenv(boot.RedisPasswordVariable)
	f := cmd.Flags()
	f.StringVar(&r.URL, "redis", "", usage+"; the password comes from "+boot.RedisPasswordVariable)
	f.StringVar(&r.PasswordFile, "redis-password-file", "", "file that holds the password of --redis, instead")
}

// defaultBrokers is where a Kafka or a demo with --port 9092 is.
var defaultBrokers = []string{"127.0.0.1:9092"}
