package monitor

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Readings agree with the window in what is in force, under any order of arrival,
// correction and retraction, and for more observations than they keep.
func TestReadingsAgreeWithTheWindow(t *testing.T) {
	known, referred := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 3))
		w, list := window.New(), newReadings()
		ch := alerts.InputChannels[alerts.HeartRate].ID
		clock := midnight + schemas.Hour
		var at []schemas.Time
		for i := range 120 {
			clock += schemas.Time(r.IntN(600)) * schemas.Second
			o := schemas.Observation{Channel: ch, EventTime: clock - schemas.Time(r.IntN(5*3600_000)), Value: float32(r.IntN(4)), Ref: fmt.Sprint(i)}
			switch {
			case r.IntN(3) > 0 && i > 20: // in order, more than are kept
				o.EventTime = clock - schemas.Time(r.IntN(5000))
			case r.IntN(4) == 0:
				o.EventTime = clock + schemas.Time(r.IntN(300_000)) // ahead of the clock
			}
			if len(at) > 0 && r.IntN(3) == 0 {
				o.EventTime = at[max(0, len(at)-1-r.IntN(12))]
				o.Flags = []schemas.Flag{0, schemas.Corrected, schemas.Retracted}[r.IntN(3)]
			}
			at = append(at, o.EventTime)
			if w.Add(o, uint32(i+1)) {
				list.add(alerts.HeartRate, &o, clock)
			}
			admission := midnight + schemas.Time(r.IntN(3*3600_000))
			var got alerts.Readings
			list.latest(&got, w, clock, admission)
			asOf := clock.Floor16()
			want, ok := w.Latest(ch, asOf, max(asOf-6*schemas.Hour+63, admission).Floor16())
			g := got[alerts.HeartRate]
			if g.Known != ok || ok && (g.EventTime != want.EventTime || g.Value != want.Value) {
				rt.Fatalf("record %d: readings have %+v, the window %v %+v", i, g, ok, want)
			}
			if ok {
				known++
				if g.Ref != "" {
					referred++
				}
			}
		}
	})
	if known < 1000 || referred < known*9/10 {
		t.Errorf("%d known, of which %d with a reference", known, referred)
	}
}

func TestFloatsAreJSON(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for i := range 200_000 {
		v := math.Float32frombits(r.Uint32())
		switch i {
		case 0:
			v = 0
		case 1:
			v = float32(math.Copysign(0, -1))
		case 2:
			v = 1e21
		case 3:
			v = 1e-6
		}
		if !finite(v) {
			continue
		}
		want, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var e jsonWriter
		e.float(v)
		if string(e.b) != string(want) {
			t.Fatalf("%b: %s, encoding/json writes %s", v, e.b, want)
		}
	}
	for _, s := range []string{"", "plain", `a"b\c`, "<&>", "\x00\t\n", "é日", "\u2028", "\xff"} {
		want, _ := json.Marshal(s)
		var e jsonWriter
		e.text(s)
		if string(e.b) != string(want) {
			t.Errorf("%q: %s, encoding/json writes %s", s, e.b, want)
		}
	}
}
