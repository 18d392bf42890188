package progress

import (
	"bytes"
	"testing"
	"time"
)

// Where there is no terminal, work is told now and then as a line, with the time left at the pace of this process, and what
// is said stands in between.
func TestLinesOffATerminal(t *testing.T) {
	var out bytes.Buffer
	at := time.Unix(0, 0)
	b := New(&out, "steps", func() time.Time { return at })
	b.Set(40, 100, "loss 0.5")
	for range 12 {
		at = at.Add(time.Second)
		b.Set(b.done+1, 100, "loss 0.4")
	}
	b.Say("epoch 1")
	at = at.Add(time.Minute)
	b.Set(100, 100, "")
	b.Stop()
	b = New(&out, "patients", func() time.Time { return at })
	b.Set(1, 0, "")
	at = at.Add(every)
	b.Set(7, 0, "")
	b.Stop()
	if want := "50 / 100 steps  loss 0.4  50s left\nepoch 1  48s left\n7 patients so far\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
