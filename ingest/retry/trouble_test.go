package retry

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// However many calls wait, it is said once; and once that none waits any more, also
// where those who waited were given up.
func TestTroubleIsSaidOnce(t *testing.T) {
	var said bytes.Buffer
	log := zerolog.New(&said)
	var trouble Trouble
	for range 50 {
		trouble.begin(&log, "reading", errors.New("away"))
	}
	if trouble.Since().IsZero() {
		t.Error("Since is zero in the middle of it")
	}
	trouble.end()
	trouble.works(&log, "Kafka")
	if got := said.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "reading fails") || !strings.Contains(got, "away") {
		t.Errorf("with 49 waiting it has said %s", got)
	}
	for range 49 {
		trouble.end()
	}
	if strings.Contains(said.String(), "works again") {
		t.Error("given up is not working")
	}
	trouble.works(&log, "Kafka")
	trouble.works(&log, "Kafka")
	if got := said.String(); strings.Count(got, "\n") != 2 || strings.Count(got, "Kafka works again") != 1 || !trouble.Since().IsZero() {
		t.Errorf("in the end it has said %s", got)
	}
}
