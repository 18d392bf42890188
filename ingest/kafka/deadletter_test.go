package kafka

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/schemas"
)

func TestNewDeadLetter(t *testing.T) {
	p := &schemas.Problem{Reason: schemas.NoValue, Field: "values.heart_rate", Found: "null", Expected: "a number"}
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		value := bytes.Repeat([]byte{0xab}, size)
		m := &schemas.Message{Topic: schemas.TopicVitals, Partition: 3, Offset: 99, Value: value}
		sum := sha256.Sum256(value)
		want := schemas.DeadLetter{
			Reason: schemas.NoValue, Field: "values.heart_rate", Found: "null", Expected: "a number",
			Topic: schemas.TopicVitals, Partition: 3, Offset: 99, Source: "gateway", Partial: true,
			Length: size, SHA256: hex.EncodeToString(sum[:]), Payload: value[:min(size, 64<<10)],
		}
		if diff := cmp.Diff(want, NewDeadLetter(m, p, "gateway", true)); diff != "" {
			t.Errorf("%d bytes: %s", size, diff)
		}
	}
}
