package window_test

import (
	"bytes"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"pgregory.net/rapid"
)

const ever = math.MaxUint32

func points(w *window.Window, ch schemas.Channel) []window.Point {
	return w.At(base+100*schemas.Hour, ever, base-100*schemas.Hour).Append(nil, ch)
}

func TestAddByExample(t *testing.T) {
	at := base + 90*schemas.Second
	obs := func(v float32, f schemas.Flag) schemas.Observation {
		return schemas.Observation{Channel: 3, EventTime: at, Value: v, Flags: f}
	}
	w := window.New()
	steps := []struct {
		name  string
		obs   schemas.Observation
		added bool
		want  []float32
	}{
		{"first", obs(80, 0), true, []float32{80}},
		{"repeat", obs(80, 0), false, []float32{80}},
		{"repeat within 1/16 s", schemas.Observation{Channel: 3, EventTime: at + 62, Value: 80}, false, []float32{80}},
		{"unlike value", obs(81, 0), true, []float32{80, 81}},
		{"same value, untestable", obs(80, schemas.Untestable), true, []float32{80, 81, 80}},
		{"corrected", obs(85, schemas.Corrected), true, []float32{85}},
		{"corrected again to the same", obs(85, schemas.Corrected), false, []float32{85}},
		{"repeat of the correction", obs(85, 0), false, []float32{85}},
		{"the replaced value comes back", obs(80, 0), true, []float32{85, 80}},
		{"taken back", obs(12345, schemas.Retracted), true, nil},
		{"nothing to take back", obs(0, schemas.Retracted), false, nil},
		{"after it was taken back", obs(80, 0), true, []float32{80}},
		{"beside it", obs(81, 0), true, []float32{80, 81}},
		{"corrected to one of two", obs(81, schemas.Corrected), true, []float32{81}},
		{"not a number", obs(float32(math.NaN()), 0), false, []float32{81}},
		{"infinite", obs(float32(math.Inf(1)), schemas.Corrected), false, []float32{81}},
		{"no such channel", schemas.Observation{Channel: schemas.MaxChannels, EventTime: at, Value: 1}, false, []float32{81}},
	}
	for i, s := range steps {
		if got := w.Add(s.obs, uint32(i)); got != s.added {
			t.Fatalf("%s: added %v, want %v", s.name, got, s.added)
		}
		var got []float32
		for _, p := range points(w, 3) {
			got = append(got, p.Value)
			if p.EventTime != at {
				t.Fatalf("%s: event time %v, want %v", s.name, p.EventTime, at)
			}
		}
		if diff := cmp.Diff(s.want, got); diff != "" {
			t.Fatalf("%s: %s", s.name, diff)
		}
	}
	// The view as of the unlike value still has both.
	if got := w.At(at, 3, at).Append(nil, 3); len(got) != 2 || got[0].Value != 80 || got[1].Value != 81 {
		t.Fatalf("as of log_n 3: %v", got)
	}
}

func TestPackedRecordLayout(t *testing.T) {
	w := window.New()
	w.Add(schemas.Observation{Channel: 0x123, Flags: schemas.Untestable, EventTime: base + 1063, Value: 1}, 0x01020304)
	got := w.Chunks(nil)
	want := []window.Chunk{{Hour: int64(base) / 3_600_000, Bytes: []byte{0x23, 0x41, 17, 0, 0, 0, 0x80, 0x3f, 4, 3, 2, 1}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatal(diff)
	}
}

func TestViewAsOf(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := drawCalls.Draw(t, "calls")
		w := build(calls)
		asOf, from := drawTime.Draw(t, "asOf"), drawTime.Draw(t, "from")
		logN := uint32(rapid.IntRange(0, 130).Draw(t, "logN"))
		known := calls
		for i, c := range calls {
			if c.logN > logN {
				known = calls[:i]
				break
			}
		}
		then := build(known)
		for _, ch := range modelChannels {
			got := w.At(asOf, logN, from).Append(nil, ch)
			if diff := cmp.Diff(seen(calls, ch, asOf, logN, from), got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("channel %d, against the model: %s", ch, diff)
			}
			if diff := cmp.Diff(then.At(asOf, ever, from).Append(nil, ch), got, cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("channel %d, against the window of the first %d: %s", ch, len(known), diff)
			}
			for _, p := range got {
				if p.EventTime > asOf || p.EventTime < from.Floor16() || p.LogN > logN {
					t.Fatalf("%v is outside [%v, %v], log_n %d", p, from, asOf, logN)
				}
			}
		}
	})
}

func TestLatestIsTheLastOfTheView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := build(drawCalls.Draw(t, "calls"))
		asOf, from := drawTime.Draw(t, "asOf"), drawTime.Draw(t, "from")
		for _, ch := range modelChannels {
			view := w.At(asOf, ever, from).Append(nil, ch)
			p, ok := w.Latest(ch, asOf, from)
			if ok != (len(view) > 0) || ok && p != view[len(view)-1] {
				t.Fatalf("channel %d: latest %v %v, view %v", ch, p, ok, view)
			}
		}
	})
}

// Two values at one time, and a later time that the view does not reach: the
// one that arrived last counts.
func TestLatestOfATie(t *testing.T) {
	w := window.New()
	for i, v := range []float32{1, 2, 3} {
		at := base
		if v == 3 {
			at += schemas.Minute
		}
		w.Add(schemas.Observation{Channel: 1, EventTime: at, Value: v}, uint32(i))
	}
	if p, ok := w.Latest(1, base+schemas.Second, base); !ok || p.Value != 2 {
		t.Fatalf("latest %v %v, want 2", p, ok)
	}
}

// Plain observations: whatever the order of arrival, the same sums to the bit,
// and the same observations in the view.
func TestAnyOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := drawCalls.Draw(t, "calls")
		for i := range calls {
			calls[i].obs.Flags &= schemas.Untestable
			calls[i].logN = 1 // one log record brought them: any order is a possible one
		}
		other := rapid.Permutation(calls).Draw(t, "other")
		a, b := build(calls), build(other)
		asOf, from := drawTime.Draw(t, "asOf"), drawTime.Draw(t, "from")
		abins, bbins := window.NewBins(len(modelChannels)), window.NewBins(len(modelChannels))
		a.Bins(asOf, from, modelChannels, abins)
		b.Bins(asOf, from, modelChannels, bbins)
		if diff := cmp.Diff(abins, bbins); diff != "" {
			t.Fatal("hour bins depend on the order of arrival: " + diff)
		}
		byValue := cmpopts.SortSlices(func(x, y window.Point) bool {
			if x.EventTime != y.EventTime {
				return x.EventTime < y.EventTime
			}
			if x.Flags != y.Flags {
				return x.Flags < y.Flags
			}
			return math.Float32bits(x.Value) < math.Float32bits(y.Value)
		})
		for _, ch := range modelChannels {
			if diff := cmp.Diff(a.At(asOf, ever, from).Append(nil, ch), b.At(asOf, ever, from).Append(nil, ch), byValue, cmpopts.EquateEmpty()); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func TestReloadedWindowIsTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		calls := drawCalls.Draw(t, "calls")
		cut := rapid.IntRange(0, len(calls)).Draw(t, "cut")
		whole := build(calls)
		again, err := window.Load(build(calls[:cut]).Chunks(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range calls[cut:] {
			again.Add(c.obs, c.logN)
		}
		if diff := cmp.Diff(whole.Chunks(nil), again.Chunks(nil), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	})
}

// stored plays the store of one patient: it does what the writes say.
type stored map[int64][]byte

func (s stored) apply(t *rapid.T, p *window.PatientWrite) {
	for _, c := range p.Chunks {
		old := s[c.Hour]
		switch {
		case c.Full:
			s[c.Hour] = bytes.Clone(c.Bytes)
		case c.Pos != len(old):
			t.Fatalf("hour %d: write at %d of %d bytes", c.Hour, c.Pos, len(old))
		default:
			s[c.Hour] = append(old, c.Bytes...)
		}
	}
	for _, hour := range p.Deletes {
		if _, ok := s[hour]; !ok {
			t.Fatalf("hour %d deleted and not there", hour)
		}
		delete(s, hour)
	}
	if len(p.Lens) != len(s) {
		t.Fatalf("%d lengths for %d chunks", len(p.Lens), len(s))
	}
	for _, l := range p.Lens {
		if l.Len != len(s[l.Hour]) {
			t.Fatalf("hour %d: length %d, stored %d", l.Hour, l.Len, len(s[l.Hour]))
		}
	}
}

func TestWritesMakeTheWindow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, s := window.New(), stored{}
		var p window.PatientWrite
		logN := uint32(1)
		take := func() {
			w.TakeWrites(&p)
			s.apply(t, &p)
			for _, c := range w.Chunks(nil) {
				if !bytes.Equal(s[c.Hour], c.Bytes) {
					t.Fatalf("hour %d: stored %x, window has %x", c.Hour, s[c.Hour], c.Bytes)
				}
			}
			if rapid.Bool().Draw(t, "reload") {
				again, err := window.Load(w.Chunks(nil))
				if err != nil {
					t.Fatal(err)
				}
				w = again
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				w.Add(drawObservation.Draw(t, "observation"), logN)
				logN++
			},
			"advance": func(t *rapid.T) { w.Advance(drawTime.Draw(t, "clock")) },
			"trim": func(t *rapid.T) {
				before := drawTime.Draw(t, "before")
				w.Trim(before)
				for _, c := range w.Chunks(nil) {
					if schemas.Time(c.Hour+1)*schemas.Hour <= before {
						t.Fatalf("hour %d is still there after trim before %v", c.Hour, before)
					}
				}
			},
			"restart": func(*rapid.T) { w.Restart(); logN = 1 },
			"take":    func(*rapid.T) { take() },
		})
		take()
	})
}

func TestClosedHourIsWrittenWholeOnce(t *testing.T) {
	w := window.New()
	add := func(at schemas.Time, v float32) {
		w.Add(schemas.Observation{Channel: 1, EventTime: at, Value: v}, 1)
	}
	take := func() []window.ChunkWrite {
		var p window.PatientWrite
		w.TakeWrites(&p)
		return p.Chunks
	}
	add(base, 1)
	take()
	add(base+schemas.Minute, 2)
	w.Advance(base + 2*schemas.Hour - 1)
	if got := take(); len(got) != 1 || got[0].Full || got[0].Pos != window.RecordSize {
		t.Fatalf("an hour past its end, less a millisecond: %+v", got)
	}
	w.Advance(base + 2*schemas.Hour)
	if got := take(); len(got) != 1 || !got[0].Full || !got[0].Closed || len(got[0].Bytes) != 2*window.RecordSize {
		t.Fatalf("closed: %+v", got)
	}
	w.Advance(base + 9*schemas.Hour)
	if got := take(); len(got) != 0 {
		t.Fatalf("nothing new: %+v", got)
	}
	add(base+schemas.Second, 3)
	if got := take(); len(got) != 1 || !got[0].Full || !got[0].Closed || len(got[0].Bytes) != 3*window.RecordSize {
		t.Fatalf("late into a closed hour: %+v", got)
	}
}

// Of an hour that was read from the store nobody knows in which form it stands there, since a store that is torn may hold
// what a lost batch wrote: what is first added to it is written with all the rest, and after that by itself.
func TestHourThatWasReadIsWrittenWhole(t *testing.T) {
	w := window.New()
	w.Add(schemas.Observation{Channel: 1, EventTime: base, Value: 1}, 1)
	chunks := w.Chunks(nil)
	w, err := window.Open([]window.ChunkLen{{Hour: chunks[0].Hour, Len: len(chunks[0].Bytes)}})
	if err != nil {
		t.Fatal(err)
	}
	w.Advance(base + schemas.Minute)
	if err := w.Fill(chunks[0]); err != nil {
		t.Fatal(err)
	}
	for i, want := range []window.ChunkWrite{{Full: true, Bytes: make([]byte, 2*window.RecordSize)}, {Pos: 2 * window.RecordSize, Bytes: make([]byte, window.RecordSize)}} {
		w.Add(schemas.Observation{Channel: 1, EventTime: base + schemas.Time(i+1)*schemas.Minute, Value: 1}, 2)
		var p window.PatientWrite
		w.TakeWrites(&p)
		if got := p.Chunks; len(got) != 1 || got[0].Full != want.Full || got[0].Closed || got[0].Pos != want.Pos || len(got[0].Bytes) != len(want.Bytes) {
			t.Errorf("write %d is %+v, want it full: %v, at %d", i, got, want.Full, want.Pos)
		}
	}
}

func TestRestartMakesAllKnownBefore(t *testing.T) {
	w := window.New()
	w.Add(schemas.Observation{Channel: 1, EventTime: base, Value: 1}, 500)
	w.Restart()
	w.Add(schemas.Observation{Channel: 1, EventTime: base + 1000, Value: 2}, 1)
	got := w.At(base+schemas.Hour, 0, base).Append(nil, 1)
	if len(got) != 1 || got[0].Value != 1 || got[0].LogN != 0 {
		t.Fatalf("known at the start of the stay: %v", got)
	}
	if got := w.At(base+schemas.Hour, 1, base).Append(nil, 1); len(got) != 2 {
		t.Fatalf("known after its first record: %v", got)
	}
}

func TestNoAllocation(t *testing.T) {
	w := window.New()
	channels := make([]schemas.Channel, 70)
	for i := range channels {
		channels[i] = schemas.Channel(i)
		for h := range schemas.Time(48) {
			w.Add(schemas.Observation{Channel: channels[i], EventTime: base + h*schemas.Hour + schemas.Minute, Value: 1}, 1)
		}
	}
	bins := window.NewBins(len(channels))
	dst := make([]window.Point, 0, 100)
	asOf := base + 47*schemas.Hour + 30*schemas.Second // inside the last hour, before its observations
	if n := testing.AllocsPerRun(10, func() {
		w.Bins(asOf, base, channels, bins)
		w.Latest(5, asOf, base)
		dst = w.At(asOf, ever, base).Append(dst[:0], 5)
		w.Add(schemas.Observation{Channel: 3, EventTime: base + schemas.Minute, Value: 1}, 1) // a repeat
	}); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
