package fusion

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/vitals"
)

// The probability is that of a prediction, each part that is there is told of once, the strongest
// first, and the input stays as it was; a scratch may be asked again and by turns.
func TestDriversTellOfEachPart(t *testing.T) {
	for _, c := range variants() {
		m := drawn(t, c, 3)
		s, in := NewScratch(m), invented(m.Shape(), 3)
		want := predict(m, in)
		p, list := m.Drivers(s, in, 0)
		if p != want[0] || !slices.Equal(predict(m, in), want) {
			t.Errorf("%s: probability %v, predicted %v", c.Name, p, want[0])
		}
		found := map[string]int{}
		for i, d := range list {
			found[d.Kind]++
			if v := float64(d.Effect); math.IsNaN(v) || i > 0 && math.Abs(v) > math.Abs(float64(list[i-1].Effect)) {
				t.Errorf("%s: %s %s with %v stands behind %+v", c.Name, d.Kind, d.Name, v, list[max(i-1, 0)])
			}
		}
		statics := 0
		for _, known := range in.StaticsKnown {
			if known {
				statics++
			}
		}
		if found["channel"] != Observed(&in.Series) || found["static"] != statics || found["modality"] == 0 {
			t.Errorf("%s: %v, of %d channels and %d statics", c.Name, found, Observed(&in.Series), statics)
		}
		m.Drivers(s, invented(m.Shape(), 4), 0)
		if _, again := m.Drivers(s, in, 0); !slices.Equal(again, list) {
			t.Errorf("%s: asked again it tells %v, first %v", c.Name, again, list)
		}
	}
}

// A tape for inputs alone gives what is given the very slopes that a tape for all gives.
func TestSlopesAreThoseOfTraining(t *testing.T) {
	for _, c := range variants() {
		m := drawn(t, c, 5)
		in := invented(m.Shape(), 7)
		d, all := newSlopes(m), newSlopes(m)
		all.tape = nn.NewTape(&m.network.params, true)
		if a, b := d.at(m, in, 0), all.at(m, in, 0); a != b || m.Config().Tasks[0].Probability(a, in.Hours) != predict(m, in)[0] {
			t.Errorf("%s: logits %v and %v", c.Name, a, b)
		}
		compare := func(name string, a, b []nn.Tensor[float32]) {
			if len(a) != len(b) {
				t.Fatalf("%s: %s has %d parts and %d", c.Name, name, len(a), len(b))
			}
			for i := range a {
				if !slices.Equal(a[i].Grad, b[i].Grad) || !slices.Equal(a[i].Value, b[i].Value) || len(a[i].Grad) == 0 {
					t.Errorf("%s: %s %d has other slopes with parameters", c.Name, name, i)
				}
			}
		}
		compare("attended", d.entries.attended, all.entries.attended)
		compare("tables", d.entries.tables, all.entries.tables)
		compare("now", d.entries.now, all.entries.now)
		compare("settled", d.entries.settled, all.entries.settled)
		compare("skip", d.entries.skip, all.entries.skip)
	}
}

// On made-up stays the model that serves says the same of its channels as withholding each: the
// one whose absence changes the risk most is among its first three, and no strong one has the
// other sign.
func TestDriversAgreeWithWithholding(t *testing.T) {
	m := Shipped()
	s := NewScratch(m)
	first, stays := 0, 20
	for seed := range uint64(stays) {
		in := invented(m.Shape(), seed)
		_, list := m.Drivers(s, in, 0)
		_, withheld := m.Withhold(s, in, 0)
		effects := map[string]float32{}
		most := ""
		for _, d := range withheld {
			if d.Kind == "channel" {
				effects[d.Name] = d.Effect
				if most == "" {
					most = d.Name
				}
			}
		}
		list = slices.DeleteFunc(list, func(d Driver) bool { return d.Kind != "channel" })
		if slices.ContainsFunc(list[:3], func(d Driver) bool { return d.Name == most }) {
			first++
		}
		for _, d := range list[:3] {
			if exact := effects[d.Name]; exact*d.Effect < 0 && math.Abs(float64(exact)) > 0.01 {
				t.Errorf("stay %d: %s has the effect %v, and withheld %v", seed, d.Name, d.Effect, exact)
			}
		}
	}
	if first < stays*8/10 {
		t.Errorf("in %d of %d stays the channel whose absence changes most is among the first three", first, stays)
	}
}

// An effect is the probability less that of the same input without the part; a part that is not
// there has none, and the input stays as it was.
func TestWithhold(t *testing.T) {
	m := drawn(t, variants()[0], 3)
	in := invented(m.Shape(), 3)
	want := predict(m, in)
	p, list := m.Withhold(NewScratch(m), in, 0)
	if p != want[0] || !slices.Equal(predict(m, in), want) {
		t.Errorf("probability %v, predicted %v", p, want[0])
	}
	found := 0
	for _, d := range list {
		if d.Kind != "channel" {
			continue
		}
		ch := slices.IndexFunc(m.Config().Channels, func(c Channel) bool { return c.Name == d.Name })
		without := invented(m.Shape(), 3)
		if !dropChannel(without, ch) {
			t.Fatalf("channel %s was not there", d.Name)
		}
		vitals.Statistics(without)
		if effect := want[0] - predict(m, without)[0]; effect != d.Effect {
			t.Errorf("channel %s: effect %v, want %v", d.Name, d.Effect, effect)
		}
		found++
	}
	if found == 0 || found != Observed(&in.Series) {
		t.Errorf("%d channels are told of, %d have observations", found, Observed(&in.Series))
	}
	for i := 1; i < len(list); i++ {
		if math.Abs(float64(list[i].Effect)) > math.Abs(float64(list[i-1].Effect)) {
			t.Error("a stronger driver stands behind a weaker one")
		}
	}
}

// BenchmarkDrivers says what all drivers cost in predictions of the same stay.
func BenchmarkDrivers(b *testing.B) {
	m := Shipped()
	s, in := NewScratch(m), invented(m.Shape(), 3)
	out := make([]float32, len(m.Config().Tasks))
	var predicting, driving time.Duration
	for b.Loop() {
		start := time.Now()
		m.Predict(s, []*encoders.Input{in}, out)
		between := time.Now()
		m.Drivers(s, in, 0)
		predicting, driving = predicting+between.Sub(start), driving+time.Since(between)
	}
	b.ReportMetric(float64(driving)/float64(predicting), "predictions/op")
}
