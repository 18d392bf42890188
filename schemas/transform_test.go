package schemas

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

func TestTransformsByExample(t *testing.T) {
	for _, c := range []struct {
		t    Transform
		x    float32
		want float64
	}{
		{Identity, -3.5, -3.5}, {Log, 1, 0}, {Log, 2, math.Ln2}, {Log, 10, math.Ln10}, {Log, 0, math.Log(0.001)}, {Log, -1, math.Log(0.001)},
		{Log1p, 0, 0}, {Log1p, 1, math.Ln2}, {Log1p, -4, 0}, {Log, math.MaxFloat32, 128 * math.Ln2}, {Log1p, math.MaxFloat32, 128 * math.Ln2},
	} {
		if got := c.t.Of(c.x); math.Abs(got-c.want) > 1e-7 {
			t.Errorf("%v of %v: %v, want %v", c.t, c.x, got, c.want)
		}
		if got, err := ParseTransform(c.t.String()); err != nil || got != c.t {
			t.Errorf("%v reads as %v, %v", c.t, got, err)
		}
	}
	if _, err := ParseTransform("sqrt"); err == nil {
		t.Error("sqrt: no error")
	}
}

func TestLogarithmIsTheLibrarys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1e-3, math.MaxFloat32).Draw(t, "x")
		if got, want := logarithm(x), math.Log(x); math.Abs(got-want) > 4e-16*math.Max(1, math.Abs(want)) {
			t.Fatalf("log %v: %v, the library says %v", x, got, want)
		}
	})
}

func TestTransformsOfTheTable(t *testing.T) {
	want := map[string]Transform{"urine_output": Log1p, "urine_rate": Log1p}
	for _, name := range []string{"paco2", "pao2", "potassium", "platelets", "creatinine", "urea_nitrogen", "magnesium", "glucose", "wbc", "lactate", "bilirubin", "ast", "alt", "alkaline_phosphatase", "troponin_t", "troponin_i"} {
		want[name] = Log
	}
	for i := range NumChannels() {
		info := Channel(i).Info()
		if info.Transform != want[info.Name] {
			t.Errorf("%s: %v, want %v", info.Name, info.Transform, want[info.Name])
		}
	}
}
