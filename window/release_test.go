package window_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"pgregory.net/rapid"
)

// A window that releases what it may, is opened from its lengths now and then, and
// reads what it wants, answers as one that has everything in memory.
func TestReleasedWindowAnswersAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, lean, s := window.New(), window.New(), stored{}
		var p window.PatientWrite
		logN, clock, keep := uint32(1), base, base-schemas.Hour
		fill := func(lens []window.ChunkLen) {
			for _, l := range lens {
				if err := lean.Fill(window.Chunk{Hour: l.Hour, Bytes: s[l.Hour][:l.Len]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		same := func(t *rapid.T, asOf schemas.Time) {
			got, want := window.NewBins(len(modelChannels)), window.NewBins(len(modelChannels))
			whole.Bins(asOf, keep, modelChannels, want)
			lean.Bins(asOf, keep, modelChannels, got)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("bins as of %v from %v (-whole +released): %s", asOf, keep, diff)
			}
			for _, ch := range modelChannels {
				from := drawTime.Draw(t, "from")
				a, aOK := whole.Latest(ch, asOf, from)
				b, bOK := lean.Latest(ch, asOf, from)
				if a != b || aOK != bOK {
					t.Fatalf("latest of channel %d as of %v from %v: whole %v %v, released %v %v", ch, asOf, from, a, aOK, b, bOK)
				}
			}
			if whole.Len() != lean.Len() || lean.Lost() {
				t.Fatalf("%d records, whole %d, lost %v", lean.Len(), whole.Len(), lean.Lost())
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) {
				fill(lean.WantUnread(nil))
				same(t, clock)
			},
			"add": func(t *rapid.T) {
				fill(lean.WantUnread(nil))
				o := drawObservation.Draw(t, "observation")
				if l, ok := lean.Want(o.EventTime); ok {
					fill([]window.ChunkLen{l})
				}
				if a, b := whole.Add(o, logN), lean.Add(o, logN); a != b {
					t.Fatalf("%+v: added %v, in the whole window %v", o, b, a)
				}
				logN++
				same(t, max(clock, o.EventTime))
			},
			"advance": func(t *rapid.T) {
				clock = max(clock, drawTime.Draw(t, "clock"))
				whole.Advance(clock)
				lean.Advance(clock)
			},
			"trim": func(t *rapid.T) {
				before := min(clock, drawTime.Draw(t, "before"))
				whole.Trim(before)
				lean.Trim(before)
			},
			"stay": func(t *rapid.T) { // one ends, the next begins
				fill(lean.WantUnread(nil))
				keep, logN = clock, 1
				for _, w := range []*window.Window{whole, lean} {
					w.Trim(clock)
					w.Restart()
				}
			},
			"take": func(t *rapid.T) {
				lean.TakeWrites(&p)
				s.apply(t, &p)
				lean.Release(keep)
				if rapid.Bool().Draw(t, "open") {
					var err error
					if lean, err = window.Open(p.Lens); err != nil {
						t.Fatal(err)
					}
					lean.Advance(clock)
				}
			},
		})
		for _, c := range whole.Chunks(nil) {
			if l, ok := lean.Want(schemas.Time(c.Hour) * schemas.Hour); ok {
				fill([]window.ChunkLen{l})
			}
		}
		if diff := cmp.Diff(whole.Chunks(nil), lean.Chunks(nil)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestReleaseForgetsClosedHours(t *testing.T) {
	w, s := window.New(), stored{}
	for i := range 48 {
		w.Add(schemas.Observation{Channel: 1, EventTime: base + schemas.Time(i)*schemas.Hour, Value: 1}, 1)
	}
	w.Advance(base + 47*schemas.Hour)
	var p window.PatientWrite
	if w.Release(base); len(w.Chunks(nil)) != 48 {
		t.Fatal("hours are gone that no write has given out")
	}
	w.TakeWrites(&p)
	for _, c := range p.Chunks {
		s[c.Hour] = c.Bytes
	}
	w.Release(base + 3*schemas.Hour)
	if len(w.Chunks(nil)) != 48 {
		t.Fatal("hours are gone that were just added to")
	}
	w.TakeWrites(&p)
	w.Release(base + 3*schemas.Hour)
	if got := w.Chunks(nil); len(got) != 3 || got[0].Hour != window.HourOf(base)+3 {
		t.Fatalf("%d hours in memory, want the kept and two open ones", len(got))
	}
	if !w.Lost() {
		t.Fatal("the whole window was asked for, not all of it was there, and no word of it")
	}
}

func TestFillRefuses(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"other length": packed(1, 0, 1, 1)[:11],
		"bad record":   packed(1, 57600, 1, 1),
	} {
		w, err := window.Open([]window.ChunkLen{{Hour: 5, Len: window.RecordSize}})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Fill(window.Chunk{Hour: 5, Bytes: bytes}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
