package classifier

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// drawn is ten seconds of beats at the given times, in seconds, with a little noise.
func drawn(at []float64) *schemas.Strip {
	const rate = 250
	random := rand.New(rand.NewPCG(3, 4))
	x := make([]int16, 10*rate)
	for i := range x {
		v := 3 * random.NormFloat64()
		for _, beat := range at {
			d := (float64(i)/rate - beat) / 0.012
			v += 200 * math.Exp(-d*d/2)
		}
		x[i] = int16(v)
	}
	return &schemas.Strip{RateHz: rate, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{x}}
}

// every gives times from 0.4 s on with the given intervals in turn.
func every(intervals ...float64) (at []float64) {
	t := 0.4
	for i := 0; t < 9.8; i++ {
		at = append(at, t)
		t += intervals[i%len(intervals)]
	}
	return at
}

func finding(r *Reading, name string) float64 {
	i := slices.IndexFunc(r.Findings, func(f schemas.Finding) bool { return f.Name == name })
	if i < 0 {
		return math.NaN()
	}
	return float64(r.Findings[i].Value)
}

// A good strip has findings under their names and a vector of finite numbers; one whose intervals
// are irregular looks more like fibrillation than one whose are not.
func TestEncode(t *testing.T) {
	r := NewReader(Shipped())
	regular, irregular := r.Encode(drawn(every(0.8))), r.Encode(drawn(every(0.5, 0.9, 0.62, 1.02, 0.44, 0.78, 0.6)))
	for name, one := range map[string]Reading{"regular": regular, "irregular": irregular} {
		if one.State != schemas.Present || len(one.Vector) != VectorWidth || len(one.Beats) < 8 {
			t.Fatalf("%s: %+v", name, one)
		}
		for i, v := range one.Vector {
			if !(v >= -vectorLimit && v <= vectorLimit) {
				t.Errorf("%s: %s is %v", name, VectorNames()[i], v)
			}
		}
		for _, want := range []string{HeartRate, Quality, Irregular, Ventricular, Supraventricular, Fibrillation} {
			if v := finding(&one, want); v != v {
				t.Errorf("%s: no finding %s", name, want)
			}
		}
	}
	if a, b := finding(&regular, Fibrillation), finding(&irregular, Fibrillation); a >= b {
		t.Errorf("fibrillation %.3f with equal intervals, %.3f with unequal ones", a, b)
	}
	if rate := finding(&regular, HeartRate); math.Abs(rate-75) > 1 {
		t.Errorf("heart rate %v", rate)
	}
}

// A strip that cannot be used says how poor it is, and has nothing for a model.
func TestAPoorStripHasNoVector(t *testing.T) {
	r := NewReader(Shipped())
	flat := r.Encode(&schemas.Strip{RateHz: 250, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{make([]int16, 2500)}})
	if flat.State != schemas.Unusable || flat.Vector != nil || len(flat.Findings) != 1 || flat.Findings[0].Name != Quality {
		t.Errorf("%+v", flat)
	}
	if none := r.Encode(nil); none.State != schemas.Unusable || none.Vector != nil {
		t.Errorf("%+v", none)
	}
}

// A reader that has read other strips gives the same of one as a new reader does.
func TestAReaderKeepsNothing(t *testing.T) {
	used := NewReader(Shipped())
	used.Encode(drawn(every(0.5, 1.1)))
	s := drawn(every(0.7))
	if d := cmp.Diff(NewReader(Shipped()).Encode(s), used.Encode(s)); d != "" {
		t.Error(d)
	}
}

// Every number of the vector that is a feature of the strip is known by its name.
func TestVectorNamesAreFeatures(t *testing.T) {
	for i, at := range stripFeature {
		if at < 0 {
			t.Errorf("%s is none of %v", components[measuredComponents+i].name, ecg.StripFeatures)
		}
	}
}
