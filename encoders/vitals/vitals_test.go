package vitals_test

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"pgregory.net/rapid"
)

const admission = schemas.Time(1_600_000) * schemas.Hour / 4

func channel(t testing.TB, name string) schemas.Channel {
	t.Helper()
	c, ok := schemas.ChannelByName(name)
	if !ok {
		t.Fatalf("the channel table has no %s", name)
	}
	return c
}

// three channels, one of each transform.
func three(t testing.TB) []vitals.Channel {
	return []vitals.Channel{
		{ID: channel(t, "heart_rate"), Low: 10, High: 300, Centre: 86, Scale: 17.6},
		{ID: channel(t, "lactate"), Low: 0.2, High: 35, Centre: 0.693, Scale: 0.679},
		{ID: channel(t, "urine_output"), Low: 0, High: 5000, Centre: 4.26, Scale: 0.983},
	}
}

var statics = []vitals.Static{vitals.StaticAge, vitals.StaticSex, vitals.StaticHeight, vitals.StaticUnit, vitals.StaticWeight}

// rates are of the heart: plausible ones within 6 scales of the centre, as a cell is
// clipped after it is summed up, and others.
var rates = []int{0, 9, 10, 31, 60, 61, 79, 80, 86, 100, 133, 190, 301, 320}

// observations of the three channels in the first 48 h of a stay, implausible ones,
// unlike values at one time and a correction among them.
func observations(t *rapid.T, channels []vitals.Channel) (list []schemas.Observation) {
	for range rapid.IntRange(0, 80).Draw(t, "observations") {
		c := rapid.IntRange(0, len(channels)-1).Draw(t, "channel")
		o := schemas.Observation{
			Channel: channels[c].ID, EventTime: admission + schemas.Time(rapid.IntRange(0, int(48*schemas.Hour/schemas.Minute)).Draw(t, "minute"))*schemas.Minute,
			Value: []float32{float32(rapid.SampledFrom(rates).Draw(t, "rate")), float32(rapid.IntRange(0, 400).Draw(t, "lactate")) / 10, float32(rapid.IntRange(0, 2000).Draw(t, "urine"))}[c],
		}
		if rapid.IntRange(0, 20).Draw(t, "corrected") == 0 {
			o.Flags = schemas.Corrected
		}
		list = append(list, o)
	}
	return list
}

func windowOf(list []schemas.Observation) *window.Window {
	w := window.New()
	for i, o := range list {
		w.Add(o, uint32(i+1))
	}
	return w
}

func moment(hours int) vitals.Moment {
	return vitals.Moment{AsOf: admission + schemas.Time(hours)*schemas.Hour, From: admission - 48*schemas.Hour, Admission: admission}
}

func input(channels []vitals.Channel, cells int) *encoders.Input {
	return encoders.Shape{Channels: len(channels), Cells: cells, Statics: len(statics)}.New()
}

// What the bins give is what the raw observations give.
func TestStatisticsAgainstRawObservations(t *testing.T) {
	channels := three(t)
	rapid.Check(t, func(t *rapid.T) {
		w, now := windowOf(observations(t, channels)), moment(rapid.IntRange(1, 60).Draw(t, "now"))
		for _, cells := range []int{48, 2880} {
			in := input(channels, cells)
			vitals.NewReader(channels, statics).Fill(in, w, now, &schemas.Statics{})
			for i, c := range channels {
				want, known := statisticsOf(w, &c, now)
				got := in.Stats[i*encoders.Statistics : (i+1)*encoders.Statistics]
				if !slices.Equal(known, in.StatsKnown[i*encoders.Statistics:(i+1)*encoders.Statistics]) {
					t.Fatalf("channel %d, %d cells: known %v, want %v", i, cells, in.StatsKnown, known)
				}
				for k, v := range want {
					if math.Abs(float64(got[k])-v) > 2e-5*(1+math.Abs(v)) {
						t.Fatalf("channel %d, %d cells: %s is %v, want %v", i, cells, vitals.StatisticNames[k], got[k], v)
					}
				}
			}
		}
	})
}

// statisticsOf is the plain definition, from the observations in force.
func statisticsOf(w *window.Window, c *vitals.Channel, now vitals.Moment) (out []float64, known []bool) {
	out, known = make([]float64, encoders.Statistics), make([]bool, encoders.Statistics)
	origin := (now.AsOf - 1).FloorHour() - 47*schemas.Hour
	var all, last12, last6 []float64
	var begin, end schemas.Time // of the observations
	for _, p := range w.At(now.AsOf, math.MaxUint32, max(now.From, origin)).Append(nil, c.ID) {
		if p.Value < c.Low || p.Value > c.High {
			continue
		}
		z := (c.ID.Info().Transform.Of(p.Value) - c.Centre) / c.Scale
		z = min(max(z, -6), 6)
		if len(all) == 0 {
			begin = p.EventTime
			out[vitals.First] = z
		} else if p.EventTime == begin {
			out[vitals.First] = min(out[vitals.First], z)
		}
		if p.EventTime != end || z > out[vitals.Last] {
			out[vitals.Last] = z
		}
		end = p.EventTime
		all = append(all, z)
		hour := min(int((p.EventTime-origin)/schemas.Hour), 47)
		if hour >= 36 {
			last12 = append(last12, z)
		}
		if hour >= 42 {
			last6 = append(last6, z)
		}
		out[vitals.Age] = float64(47 - hour)
	}
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		return m
	}
	if len(all) > 0 {
		m := mean(all)
		for _, z := range all {
			out[vitals.SD] += (z - m) * (z - m) / float64(len(all))
		}
		out[vitals.SD] = math.Sqrt(out[vitals.SD])
		out[vitals.Min], out[vitals.Max] = slices.Min(all), slices.Max(all)
		out[vitals.Mean], out[vitals.Mean12], out[vitals.Mean6] = m, mean(last12), mean(last6)
	}
	out[vitals.Count], out[vitals.Count12], out[vitals.Count6] = float64(len(all)), float64(len(last12)), float64(len(last6))
	for k := range known {
		known[k] = len(all) > 0 || k >= vitals.Count
	}
	known[vitals.Mean12], known[vitals.Mean6] = len(last12) > 0, len(last6) > 0
	return out, known
}

// A value that lies far out is clipped in its cell, and spread is on the scale of z.
func TestStandardise(t *testing.T) {
	channels := three(t)[:1]
	w := windowOf([]schemas.Observation{
		{Channel: channels[0].ID, EventTime: admission, Value: 86 + 17.6},
		{Channel: channels[0].ID, EventTime: admission + schemas.Minute, Value: 86 - 17.6},
		{Channel: channels[0].ID, EventTime: admission + schemas.Hour, Value: 290},
		{Channel: channels[0].ID, EventTime: admission + 2*schemas.Hour, Value: 301}, // not read
	})
	in := input(channels, 48)
	vitals.NewReader(channels, statics).Fill(in, w, moment(48), &schemas.Statics{})
	s := &in.Series
	got := [][]float32{s.Count[:3], s.Mean[:3], s.Var[:3], s.Min[:3], s.Max[:3], s.First[:3], s.Last[:3]}
	want := [][]float32{{2, 1, 0}, {0, 6, 0}, {1, 0, 0}, {-1, 6, 0}, {1, 6, 0}, {1, 6, 0}, {-1, 6, 0}}
	if d := cmp.Diff(want, got, cmp.Comparer(func(a, b float32) bool { return math.Abs(float64(a-b)) < 1e-5 })); d != "" {
		t.Errorf("cells (-want +got):\n%s", d)
	}
}

// A stay that is shortened is the stay as it was: the same bits as reading the window
// at the last moment of that hour.
func TestShorten(t *testing.T) {
	channels := three(t)
	rapid.Check(t, func(t *rapid.T) {
		w := windowOf(observations(t, channels))
		reader := vitals.NewReader(channels, statics)
		hours := rapid.IntRange(1, 48).Draw(t, "hours")
		for _, cells := range []int{48, 2880} {
			then, later := input(channels, cells), input(channels, cells)
			now := moment(hours)
			if hours < 48 {
				now.AsOf-- // the full hour itself belongs to the next one
			}
			reader.Fill(then, w, now, &schemas.Statics{})
			reader.Fill(later, w, moment(48), &schemas.Statics{})
			vitals.Shorten(later, hours)
			vitals.Statistics(later)
			if !reflect.DeepEqual(then, later) {
				t.Fatalf("%d cells (-then +shortened):\n%s", cells, cmp.Diff(then, later))
			}
		}
	})
}

func TestThin(t *testing.T) {
	channels := three(t)
	draw := nn.Draw{Seed: 1, Step: 2}
	full := encoders.NewSeries(len(channels), 48)
	for i := range full.Count {
		full.Count[i], full.Mean[i], full.Last[i] = 1, 2, 2
	}
	thinned := func(rate float64, row uint64) encoders.Series {
		s := encoders.NewSeries(len(channels), 48)
		s.Copy(&full)
		vitals.Thin(&s, rate, draw.Row(3, row))
		return s
	}
	if d := cmp.Diff(full, thinned(0, 0)); d != "" {
		t.Errorf("a rate of 0 dropped something:\n%s", d)
	}
	if s := thinned(1, 0); !slices.Equal(s.Count, make([]float32, len(s.Count))) || !slices.Equal(s.Last, make([]float32, len(s.Last))) {
		t.Error("a rate of 1 left something")
	}
	if !cmp.Equal(thinned(0.3, 7), thinned(0.3, 7)) || cmp.Equal(thinned(0.3, 7), thinned(0.3, 8)) {
		t.Error("what is dropped is not a function of the row")
	}
	left, cells := 0.0, 0.0
	for row := range uint64(200) {
		for _, n := range thinned(0.3, row).Count {
			left += float64(n)
			cells++
		}
	}
	if share := left / cells; math.Abs(share-0.7) > 4*math.Sqrt(0.21/cells) {
		t.Errorf("%.4f of the cells are left at a rate of 0.3", share)
	}
}

func TestPack(t *testing.T) {
	channels := three(t)
	rapid.Check(t, func(t *rapid.T) {
		w := windowOf(observations(t, channels))
		want, got := encoders.NewSeries(3, 48), encoders.NewSeries(3, 48)
		vitals.NewReader(channels, nil).Read(&want, w, moment(48))
		p := vitals.Pack(&want)
		got.Count[5] = 17 // of what was there before
		p.Unpack(&got)
		if !reflect.DeepEqual(want, got) {
			t.Fatalf("(-packed +unpacked):\n%s", cmp.Diff(want, got))
		}
		var means, all []float32
		p.EachMean(48, func(c int, mean float32) { means = append(means, float32(c), mean) })
		for i, n := range want.Count {
			if n > 0 {
				all = append(all, float32(i/48), want.Mean[i])
			}
		}
		if !slices.Equal(means, all) {
			t.Fatalf("means are %v, want %v", means, all)
		}
	})
}

// Of values at one time the lowest is the first and the highest the last, and the hour
// that ends now has the observation of this very moment.
func TestReadEdges(t *testing.T) {
	channels := three(t)[:1]
	at := func(when schemas.Time, v float32) schemas.Observation {
		return schemas.Observation{Channel: channels[0].ID, EventTime: when, Value: v}
	}
	now := admission + 48*schemas.Hour
	w := windowOf([]schemas.Observation{at(now, 90), at(now, 70), at(now+schemas.Second, 50), at(admission, 60), at(admission-1, 40),
		at(admission+schemas.Hour, 0), at(admission+schemas.Hour, 300), at(admission+schemas.Hour, 200), at(admission+2*schemas.Hour, 0)})
	s := encoders.NewSeries(1, 48)
	vitals.NewReader(channels, nil).Read(&s, w, moment(48))
	for _, c := range []struct {
		hour                         int
		n, first, last, mean, spread float32
	}{
		{47, 2, 70, 90, 80, 100},
		{0, 1, 60, 60, 60, 0},
		{1, 2, 200, 300, 250, 2500}, // without the 0
		{2, 0, 0, 0, 0, 0},
	} {
		got := []float32{s.Count[c.hour], s.First[c.hour], s.Last[c.hour], s.Mean[c.hour], s.Var[c.hour], s.Min[c.hour], s.Max[c.hour]}
		if want := []float32{c.n, c.first, c.last, c.mean, c.spread, c.first, c.last}; !slices.Equal(got, want) {
			t.Errorf("hour %d: %v, want %v", c.hour, got, want)
		}
	}
}

func TestFillAllocatesNothing(t *testing.T) {
	channels := three(t)
	w := window.New()
	for i := range 2000 {
		w.Add(schemas.Observation{Channel: channels[i%3].ID, EventTime: admission + schemas.Time(i)*80*schemas.Second, Value: float32(i%30) + 2}, uint32(i+1))
	}
	in, reader := input(channels, 48), vitals.NewReader(channels, statics)
	edges := vitals.FitEdges(len(in.Stats), in.Stats, in.StatsKnown)
	encoded := make([]float32, len(in.Stats)*vitals.Encoded)
	who := schemas.Statics{Unit: "MICU"}
	if n := testing.AllocsPerRun(100, func() {
		reader.Fill(in, w, moment(44), &who)
		edges.Encode(encoded, in.Stats, in.StatsKnown)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestHours(t *testing.T) {
	for _, c := range []struct {
		after schemas.Time
		want  int
	}{{0, 1}, {schemas.Minute, 1}, {schemas.Hour, 1}, {schemas.Hour + 1, 2}, {24 * schemas.Hour, 24}, {48 * schemas.Hour, 48}, {300 * schemas.Hour, 48}} {
		if got := (vitals.Moment{AsOf: admission + c.after, Admission: admission}).Hours(); got != c.want {
			t.Errorf("%v ms after admission: %d hours, want %d", c.after, got, c.want)
		}
	}
}

// A cell that is read by itself after each observation has the bits that Fill gives it,
// and so have its channel's statistics.
func TestCellsReadOneByOne(t *testing.T) {
	channels := three(t)
	rapid.Check(t, func(t *rapid.T) {
		const cells = 2880
		list, now := observations(t, channels), moment(rapid.IntRange(1, 60).Draw(t, "now"))
		now.From = admission + schemas.Time(rapid.IntRange(-60, 600).Draw(t, "from"))*schemas.Minute
		reader, w, got := vitals.NewReader(channels, statics), window.New(), input(channels, cells)
		reader.Fill(got, w, now, &schemas.Statics{})
		for i, o := range list {
			w.Add(o, uint32(i+1))
			ch := slices.IndexFunc(channels, func(c vitals.Channel) bool { return c.ID == o.Channel })
			if cell := now.Place(o.EventTime, cells); cell >= 0 {
				reader.Cell(&got.Series, ch, cell, w, now)
				vitals.StatisticsOf(got, ch)
			}
		}
		want := input(channels, cells)
		reader.Fill(want, w, now, &schemas.Statics{})
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(- Fill, + cell by cell)\n%s", d)
		}
	})
}
