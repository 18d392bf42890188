package kafka

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/vigil-icu/vigil/schemas"
)

// MaxDeadPayload is how many bytes of a payload a dead letter holds.
const MaxDeadPayload = 64 << 10

// NewDeadLetter sets a message aside: its bytes, where it came from and what is
// wrong with it. source is who says to have sent it, where that can be read; partial says
// that other values of the message went on. The payload is a part of the message's memory,
// and its hash is that of the whole value.
func NewDeadLetter(m *schemas.Message, p *schemas.Problem, source string, partial bool) schemas.DeadLetter {
	sum := sha256.Sum256(m.Value)
	return schemas.DeadLetter{
		Reason: p.Reason, Field: p.Field, Found: p.Found, Expected: p.Expected,
		Topic: m.Topic, Partition: m.Partition, Offset: m.Offset, Source: source, Partial: partial,
		Length: len(m.Value), SHA256: hex.EncodeToString(sum[:]), Payload: m.Value[:min(len(m.Value), MaxDeadPayload)],
	}
}
