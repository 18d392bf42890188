package intake

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// Each fault of a message keeps its own reason, up to as many as a dead letter names.
func TestEachFaultHasItsReason(t *testing.T) {
	values := func(more string) *Item {
		m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte("site:1"), Value: []byte(`{"patient":"site:1","source":"s","seq":1,"event_time":"2030-01-01T08:00:00Z","observations":[{"channel":"heart_rate","value":80}` + more + `]}`)}
		i := Decode(&record.Encoder{}, &m, 1, schemas.FromStd(time.Date(2030, 1, 1, 8, 0, 0, 0, time.UTC)))
		return &i
	}
	i := values(`,{"channel":"hart_rate","value":80},{"channel":"temperature","value":37,"unit":"kg"}`)
	if i.problem == nil || !i.partial || len(i.more) != 1 {
		t.Fatalf("%+v, more %+v", i.problem, i.more)
	}
	got := fmt.Sprintf("%s of %s, %s of %s", i.problem.Reason, i.problem.Field, i.more[0].Reason, i.more[0].Field)
	if want := "unknown_channel of observations[1].channel, bad_unit of observations[2].unit"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if i = values(strings.Repeat(`,{"channel":"nosuch","value":1}`, 40)); 1+len(i.more) != schemas.MaxFaults {
		t.Errorf("%d faults are named, want %d", 1+len(i.more), schemas.MaxFaults)
	}
}
