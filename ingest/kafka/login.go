package kafka

import (
	"fmt"
	"strings"

	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// Login is how a user proves to a broker who they are; mechanism is plain, scram-sha-256 or
// scram-sha-512 in any case, and another one is an error. SCRAM keeps the password off the
// wire; plain sends it as it is.
func Login(mechanism, user, password string) (sasl.Mechanism, error) {
	switch strings.ToLower(mechanism) {
	case "plain":
		return plain.Mechanism{Username: user, Password: password}, nil
	case "scram-sha-256":
		return scram.Mechanism(scram.SHA256, user, password)
	case "scram-sha-512":
		return scram.Mechanism(scram.SHA512, user, password)
	}
	return nil, fmt.Errorf("the login mechanism %q is not known: want plain, scram-sha-256 or scram-sha-512", mechanism)
}
