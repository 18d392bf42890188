package intake

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// Where runs are not allowed, a recorded message and the marks around it become dead letters,
// and live ones go on, also of the same patient.
func TestRunsAreRefusedOnLiveTopics(t *testing.T) {
	_, c := bench(t, 1)
	w := worker(c, still)
	w.LiveOnly = true
	stop := owned(t, w, 1)
	p := c.NewProducer("test")
	put(t, p, 0, beat("d:1", 1, 60, "", 0), beat("d:1", 2, 200, "r", 5))
	put(t, p, 0, marks("r", 5, true)...)
	put(t, p, 0, beat("d:1", 3, 61, "", 0))
	want := 1 + len(schemas.RawTopics)
	until(t, "all is judged", func() bool {
		got := readResult(t, c)
		return len(got.Letters) == want && len(got.Records) == 3
	})
	stop()
	got := readResult(t, c)
	letters, err := c.LastRecords(t.Context(), schemas.TopicDeadLetters, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range letters {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeDeadLetter {
			continue
		}
		if text := string(m.Value); !strings.Contains(text, `"reason":"runs_off"`) || !strings.Contains(text, "--allow-runs") {
			t.Errorf("dead letter %s", text)
		}
	}
	for i, heart := range []float32{60, 61} {
		if r := got.Records[i+1]; r.Observations[0].Value != heart || r.Provenance&schemas.Recorded != 0 {
			t.Errorf("record %d: %+v", i+1, r)
		}
	}
}

// A run that has not ended when a worker comes that takes live events only ends there.
func TestARunIsLeftWhereRunsAreOff(t *testing.T) {
	_, c := bench(t, 1)
	p := c.NewProducer("test")
	put(t, p, 0, beat("d:1", 1, 60, "r", 5))
	put(t, p, 0, marks("r", 5, false)...)
	put(t, p, 0, beat("d:1", 2, 61, "r", 7)) // waits for a mark
	w := worker(c, still)
	stop := owned(t, w, 1)
	until(t, "the run is written up to its mark", func() bool { return w.Reached(0, 5) })
	stop()

	w = worker(c, still)
	w.LiveOnly = true
	stop = owned(t, w, 1)
	put(t, p, 0, beat("d:2", 1, 62, "", 0))
	until(t, "a live message is written", func() bool { return len(readResult(t, c).Records) == 3 })
	stop()
	state, _, err := newestProgress(t.Context(), c, schemas.TopicLog, 0)
	if err != nil || state.Run != "" || state.Over != "r" {
		t.Fatalf("the log is in run %q behind run %q, %v", state.Run, state.Over, err)
	}
}
