package network

import (
	"math"
	"strings"
	"testing"
)

// A shape is judged before anything is made of it.
func TestElementsAreBounded(t *testing.T) {
	for _, c := range []struct {
		shape []int
		want  int
		says  string
	}{
		{[]int{1, 512, 768}, 512 * 768, ""},
		{nil, 1, ""},
		{[]int{3, 0}, 0, ""},
		{[]int{1 << 40}, 0, "more than"},
		{[]int{1 << 20, 1 << 20, 1 << 20, 1 << 20}, 0, "more than"},
		{[]int{-1, 2}, 0, "negative"},
		{make([]int, 9), 0, "9 sides"},
	} {
		n, err := Elements(c.shape)
		if n != c.want || (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%v: %d, %v; want %d, %q", c.shape, n, err, c.want, c.says)
		}
	}
	for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		bad := Tensor{Name: "x", Shape: []int{2}, Floats: []float32{1, float32(x)}}
		if err := bad.Check(); err == nil || !strings.Contains(err.Error(), "number 1 of tensor x") {
			t.Errorf("%v in a tensor: %v", x, err)
		}
	}
	short := Tensor{Name: "x", Shape: []int{2, 2}, Floats: make([]float32, 3)}
	if err := short.Check(); err == nil || !strings.Contains(err.Error(), "3 numbers") {
		t.Errorf("a tensor with too few numbers: %v", err)
	}
}

// Every way in which a network may differ is named.
func TestSignatureDifferences(t *testing.T) {
	port := func(name string, kind Kind, sides ...int) Port {
		return Port{Name: name, Kind: kind, Sides: sides, Ranked: true}
	}
	want := Signature{Inputs: []Port{port("ids", Int64, 1, Any)}, Outputs: []Port{port("hidden", Float32, 1, Any, 8)}}
	for _, c := range []struct {
		name string
		have Signature
		says string
	}{
		{"the same", want, ""},
		{"open sides", Signature{Inputs: []Port{port("ids", Int64, Any, Any)}, Outputs: []Port{port("hidden", Float32, Any, Any, Any), port("more", 11)}}, ""},
		{"no shape", Signature{Inputs: []Port{{Name: "ids", Kind: Int64}}, Outputs: want.Outputs}, ""},
		{"other name", Signature{Inputs: []Port{port("input", Int64, 1, Any)}, Outputs: want.Outputs}, "no input ids"},
		{"other kind", Signature{Inputs: []Port{port("ids", 6, 1, Any)}, Outputs: want.Outputs}, "ids int32 [1, ?]"},
		{"one input more", Signature{Inputs: append([]Port{port("mask", Int64, 1, Any)}, want.Inputs...), Outputs: want.Outputs}, "mask that nothing fills"},
		{"no output", Signature{Inputs: want.Inputs}, "no output hidden"},
		{"other width", Signature{Inputs: want.Inputs, Outputs: []Port{port("hidden", Float32, 1, Any, 9)}}, "hidden float32 [1, ?, 9], wanted"},
		{"other rank", Signature{Inputs: want.Inputs, Outputs: []Port{port("hidden", Float32, 1, 8)}}, "hidden float32 [1, 8], wanted"},
	} {
		err := c.have.Check(&want)
		if (err == nil) != (c.says == "") || err != nil && !(strings.Contains(err.Error(), c.says) && strings.Contains(err.Error(), "expected: takes ids")) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
}
