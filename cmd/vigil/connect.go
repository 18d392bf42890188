package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
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

// redisFlags adds the flags of a command that reaches a Redis. The password is none of them.
func redisFlags(cmd *cobra.Command, r *boot.Redis, usage string) {
	r.PasswordInEnv = os.Getenv(boot.RedisPasswordVariable)
	f := cmd.Flags()
	f.StringVar(&r.URL, "redis", "", usage+"; the password comes from "+boot.RedisPasswordVariable)
	f.StringVar(&r.PasswordFile, "redis-password-file", "", "file that holds the password of --redis, instead")
}

// defaultBrokers is where a Kafka or a demo with --port 9092 is.
var defaultBrokers = []string{"127.0.0.1:9092"}
