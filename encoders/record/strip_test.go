package record

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/schemas"
)

// A rhythm is named only where there are beats.
func TestStripLabels(t *testing.T) {
	const rate = 250
	beats := func(silent func(i int) bool) []int16 {
		x := make([]int16, 10*rate)
		for i := range x {
			d := (math.Mod(float64(i)/rate, 0.8) - 0.4) / 0.012
			x[i] = int16(10 * math.Sin(15*float64(i)/rate))
			if !silent(i) {
				x[i] += int16(200 * math.Exp(-d*d/2))
			}
		}
		return x
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := make([]int16, 10*rate)
	for i := range noise {
		noise[i] = int16(100 * random.NormFloat64())
	}
	for _, c := range []struct {
		label   string
		state   schemas.ItemState
		samples []int16
	}{
		{"regular", schemas.Present, beats(func(int) bool { return false })},
		{"regular, pause of 2.4 s", schemas.Present, beats(func(i int) bool { return i > 1000 && i < 1400 })},
		{"flat", schemas.Unusable, make([]int16, 10*rate)},
		{"flat", schemas.Unusable, slices.Repeat([]int16{-700}, 10*rate)},
		{"no signal", schemas.Unusable, slices.Repeat([]int16{math.MinInt16}, 10*rate)},
		{"unreadable", schemas.Unusable, noise},
		{"unreadable", schemas.Unusable, nil},
	} {
		a := AnalyseStrip(&schemas.Strip{RateHz: rate, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{c.samples}})
		if a.Encoder != "vigil-ecg/1" || (len(a.Vector) > 0) != (a.State == schemas.Present) || len(a.Findings) > 1 && a.State == schemas.Unusable {
			t.Errorf("%s: %+v", c.label, a)
		}
		if a.Label != c.label || a.State != c.state || a.State == schemas.Present && a.HeartRate == 0 {
			t.Errorf("%+v, want %s, %s", a, c.label, c.state)
		}
	}
}

// A strip's record names the encoder with its version, has what it found and a vector, and comes
// back from the log; a poor one is there, says how poor it is, and has no vector.
func TestAStripIsEncodedOnce(t *testing.T) {
	x := make([]int16, 2500)
	for i := range x {
		d := (math.Mod(float64(i)/250, 0.8) - 0.4) / 0.012
		x[i] = int16(10*math.Sin(15*float64(i)/250) + 200*math.Exp(-d*d/2))
	}
	at := schemas.Time(1_700_000_000_000)
	encode := func(e *Encoder, samples []int16) *schemas.Record {
		strip := &schemas.Strip{Head: schemas.Head{EventTime: &at}, RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{samples}}
		event := &schemas.Event{Topic: schemas.TopicECG, Patient: "d:1", Source: "s", Seq: 1, HasSeq: true, AvailableTime: at, EventTime: at, Strip: strip}
		r, problems := e.Record(event, &schemas.Message{Topic: schemas.TopicECG}, at)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		got, err := schemas.DecodeRecord(r.AppendBinary(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Error(diff)
		}
		return r
	}
	e := &Encoder{Strip: AnalyseStrip}
	good := encode(e, x).Item
	if good.Encoder != "vigil-ecg/1" || good.State != schemas.Present || len(good.Findings) < 6 || len(good.Vector) != classifier.VectorWidth || good.Label != "regular" {
		t.Errorf("%+v", good)
	}
	poor := encode(e, make([]int16, 2500)).Item
	if poor.Encoder != "vigil-ecg/1" || poor.State != schemas.Unusable || poor.Vector != nil || len(poor.Findings) != 1 {
		t.Errorf("%+v", poor)
	}
	if bare := encode(&Encoder{}, x).Item; bare.Encoder != "" || bare.State != schemas.Present || bare.Findings != nil {
		t.Errorf("without an encoder: %+v", bare)
	}
}
