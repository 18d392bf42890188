package intake

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A sender whose devices' clocks are off is said once, and once that they agree again. The log
// names no patient.
func TestSkewIsSaidOnce(t *testing.T) {
	var log bytes.Buffer
	w := &Worker{Encoder: &record.Encoder{Clocks: record.NewClocks(nil)}, Log: zerolog.New(&log)}
	now := still()
	hear := func(delay schemas.Time) {
		for range 8 {
			m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte("d:secret"),
				Value: fmt.Appendf(nil, `{"patient":"d:secret","source":"gw","event_time":%q,"values":{"heart_rate":80}}`, now-delay)}
			m.Partition = kafka.PartitionOf(m.Key, 8)
			if i := Decode(w.Encoder, &m, 8, now); i.Record == nil {
				t.Fatal(i.problem)
			}
		}
		for range 3 {
			now += sayEvery
			w.saySkews(now)
		}
	}
	hear(-4 * schemas.Minute)
	hear(-4 * schemas.Minute)
	hear(0)
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `"source":"gw","devices":1,"off":1,"fast":"4m0s"`) || !strings.Contains(lines[1], "agree again") {
		t.Errorf("%d lines:\n%s", len(lines), log.String())
	}
	if strings.Contains(log.String(), "secret") {
		t.Error("the log names a patient")
	}
}
