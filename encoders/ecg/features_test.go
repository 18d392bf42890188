package ecg

import (
	"math"
	"reflect"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// bigeminal is a strip of narrow beats, of which some come early and some are wide.
func bigeminal(rate float64) *schemas.Strip {
	var samples []int16
	wave := func(x, centre, width, height float64) float64 {
		return height * math.Exp(-(x-centre)*(x-centre)/(2*width*width))
	}
	type beat struct{ at, width, height float64 }
	beats := []beat{{0.5, 0.012, 400}, {1.3, 0.012, 400}, {2.1, 0.012, 400}, {2.6, 0.05, -500}, {3.7, 0.012, 400}, {4.5, 0.012, 400}, {5.3, 0.012, 400}, {6.1, 0.012, 400}, {6.9, 0.012, 400}, {7.7, 0.012, 400}, {8.5, 0.012, 400}, {9.3, 0.012, 400}}
	for i := range int(10 * rate) {
		x, v := float64(i)/rate, 0.0
		for _, b := range beats {
			v += wave(x, b.at, b.width, b.height) + wave(x, b.at+0.25, 0.04, 60)
			if b.height > 0 {
				v += wave(x, b.at-0.16, 0.02, 40)
			}
		}
		samples = append(samples, int16(v))
	}
	return &schemas.Strip{RateHz: rate, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{samples}}
}

// Every beat of every lead has the features that the names say, and the wide early beat is told
// from the others at any rate.
func TestFeaturesTellAWideEarlyBeat(t *testing.T) {
	for _, rate := range []float64{125, 250, 360, 500} {
		var f Featurer
		got := f.Read(bigeminal(rate))
		if len(got.Beats) != 12 || len(got.Leads) != 1 || len(got.Leads[0]) != 12 || len(got.Strip) != len(StripFeatures) {
			t.Fatalf("%v Hz: %d beats, %d leads, %d features of the strip", rate, len(got.Beats), len(got.Leads), len(got.Strip))
		}
		value := func(beat int, name string) float32 {
			for i, n := range BeatFeatures {
				if n == name {
					return got.Leads[0][beat][i]
				}
			}
			t.Fatalf("no feature %s", name)
			return 0
		}
		for k, row := range got.Leads[0] {
			if len(row) != len(BeatFeatures) {
				t.Fatalf("%d features of a beat, want %d", len(row), len(BeatFeatures))
			}
			early, wide := value(k, "rr_prev") < 0.8, value(k, "spread_ms_diff") > 8 && value(k, "like_qrs_in_place") < 0.5
			if early != (k == 3) || wide != (k == 3) {
				t.Errorf("%v Hz, beat %d: early %v, wide %v", rate, k, early, wide)
			}
		}
		again := *got
		var g Featurer
		if other := g.Read(bigeminal(rate)); !reflect.DeepEqual(again.Beats, other.Beats) || !sameRows(again.Leads[0], other.Leads[0]) {
			t.Errorf("%v Hz: a second featurer tells something else", rate)
		}
	}
}

func sameRows(x, y [][]float32) bool {
	for i := range x {
		for k := range x[i] {
			if math.Float32bits(x[i][k]) != math.Float32bits(y[i][k]) {
				return false
			}
		}
	}
	return len(x) == len(y)
}

// A strip of which no beats can be told, and none at all, has no features.
func TestFeaturesOfNothing(t *testing.T) {
	var f Featurer
	for name, s := range map[string]*schemas.Strip{
		"none": nil, "no leads": {RateHz: 250}, "flat": {RateHz: 250, Samples: [][]int16{make([]int16, 2500)}},
		"slow": {RateHz: 1, Samples: [][]int16{make([]int16, 10)}},
	} {
		if got := f.Read(s); len(got.Beats) != 0 || len(got.Strip) != 0 || len(got.Leads) != 0 {
			t.Errorf("%s: %v", name, got)
		}
	}
}
