package vitals_test

import (
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
)

func TestStatics(t *testing.T) {
	f := func(v float32) *float32 { return &v }
	for _, c := range []struct {
		name  string
		s     schemas.Statics
		want  []float32
		known []bool
	}{
		{"all", schemas.Statics{AgeYears: f(64), Sex: "male", HeightCM: f(170), Unit: "CSRU", WeightKG: f(80)}, []float32{64, 1, 170, 2, 80}, []bool{true, true, true, true, true}},
		{"nothing", schemas.Statics{}, []float32{0, 0, 0, 0, 0}, []bool{false, false, false, false, false}},
		{"implausible", schemas.Statics{HeightCM: f(1.8), WeightKG: f(0), Sex: "other", Unit: "ward"}, []float32{0, 0, 0, 0, 0}, []bool{false, false, false, false, false}},
		{"zero is a value", schemas.Statics{AgeYears: f(0), Sex: "female"}, []float32{0, 0, 0, 0, 0}, []bool{true, true, false, false, false}},
		{"another system's unit", schemas.Statics{Unit: "Trauma SICU (TSICU)"}, []float32{0, 0, 0, 4, 0}, []bool{false, false, false, true, false}},
	} {
		got, known := make([]float32, len(statics)), make([]bool, len(statics))
		vitals.Statics(got, known, statics, &c.s)
		if !slices.Equal(got, c.want) || !slices.Equal(known, c.known) {
			t.Errorf("%s: %v %v, want %v %v", c.name, got, known, c.want, c.known)
		}
	}
	for i, name := range vitals.StaticNames {
		if s, err := vitals.ParseStatic(name); err != nil || int(s) != i {
			t.Errorf("%s: %v %v", name, s, err)
		}
	}
	if _, err := vitals.ParseStatic("shoe_size"); err == nil {
		t.Error("shoe_size is no static")
	}
}
