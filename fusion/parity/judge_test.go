package parity

import (
	"math"
	"strings"
	"testing"
)

// The walk must refuse what is wrong: a value off by more than allowed, a NaN, a
// missing output, a wrong length, a tensor that the case lacks.
func TestJudgeRefuses(t *testing.T) {
	c := &Case{Name: "c", out: map[string]Tensor{"y": {Shape: []int{2}, Values: []float64{1, 2}}}}
	tol := tolerance{abs: map[string]float64{"*": 1e-3}}
	for _, tc := range []struct {
		name, want string
		run        func(*Case) (Outputs[float64], error)
	}{
		{"right", "", func(*Case) (Outputs[float64], error) { return Outputs[float64]{"y": {1, 2.0005}}, nil }},
		{"off", "output y, element 1", func(*Case) (Outputs[float64], error) { return Outputs[float64]{"y": {1, 2.002}}, nil }},
		{"nan", "output y, element 0", func(*Case) (Outputs[float64], error) { return Outputs[float64]{"y": {math.NaN(), 2}}, nil }},
		{"missing", "not computed", func(*Case) (Outputs[float64], error) { return Outputs[float64]{}, nil }},
		{"short", "has 1 elements", func(*Case) (Outputs[float64], error) { return Outputs[float64]{"y": {1}}, nil }},
		{"lacking", `no input "x"`, func(c *Case) (Outputs[float64], error) { return Outputs[float64]{"y": In[float64](c, "x")}, nil }},
	} {
		got, wrong := outputs(c, tc.run)
		if wrong == "" {
			_, wrong = compare(tol, got, "output", "", c.out)
		}
		if (tc.want == "") != (wrong == "") || !strings.Contains(wrong, tc.want) {
			t.Errorf("%s: judged %q, want %q", tc.name, wrong, tc.want)
		}
	}
}

func TestReadTensorsRefusesTorn(t *testing.T) {
	header := `{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`
	file := append([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}, header...)
	whole := append(file, 0, 0, 128, 63, 0, 0, 0, 64)
	all := map[string]Tensor{}
	if err := readTensors(whole, all); err != nil || all["a"].Values[0] != 1 || all["a"].Values[1] != 2 {
		t.Fatalf("read %v, error %v", all, err)
	}
	for n := range len(whole) {
		if err := readTensors(whole[:n], map[string]Tensor{}); err == nil {
			t.Errorf("a file cut at %d bytes was read", n)
		}
	}
}
