package waveform

import (
	"math"
	"testing"
)

func sine(n int, hz, rate float64) []float64 {
	x := make([]float64, n)
	for i := range x {
		x[i] = math.Sin(2 * math.Pi * hz * float64(i) / rate)
	}
	return x
}

func all(t *testing.T, from, to, chunk int, x []float64) (y []float64) {
	t.Helper()
	r, err := NewResampler(from, to)
	if err != nil {
		t.Fatal(err)
	}
	for len(x) > 0 {
		n := min(chunk, len(x))
		y = r.Push(y, x[:n])
		x = x[n:]
	}
	return r.Flush(y)
}

// What both rates can hold stays what it is, at its time; what the new one cannot hold is gone.
func TestResamplingKeepsTheBandOfBoth(t *testing.T) {
	for _, tt := range []struct{ from, to int }{{360, 125}, {125, 250}, {500, 125}, {250, 250}, {128, 125}} {
		x := sine(10*tt.from, 10, float64(tt.from))
		y := all(t, tt.from, tt.to, 77, x)
		want := sine(10*tt.to, 10, float64(tt.to))
		if len(y) != len(want) {
			t.Errorf("%d to %d Hz: %d samples, want %d", tt.from, tt.to, len(y), len(want))
			continue
		}
		for i := tt.to; i < 9*tt.to; i++ { // behind and before the ends
			if math.Abs(y[i]-want[i]) > 0.002 {
				t.Errorf("%d to %d Hz: sample %d is %v, want %v", tt.from, tt.to, i, y[i], want[i])
				break
			}
		}
	}
	for i, v := range all(t, 360, 125, 1000, sine(3600, 90, 360)) {
		if i > 125 && i < 1125 && math.Abs(v) > 0.01 {
			t.Fatalf("90 Hz at 125 Hz: sample %d is %v", i, v)
		}
	}
}

// The size of the chunks does not matter, and a level stays what it is to the ends.
func TestResamplingByChunks(t *testing.T) {
	x := sine(1000, 3, 360)
	one, many := all(t, 360, 125, 1000, x), all(t, 360, 125, 1, x)
	if len(one) != len(many) {
		t.Fatalf("%d and %d samples", len(one), len(many))
	}
	for i := range one {
		if one[i] != many[i] {
			t.Fatalf("sample %d: %v and %v", i, one[i], many[i])
		}
	}
	level := make([]float64, 500)
	for i := range level {
		level[i] = 7
	}
	for i, v := range all(t, 250, 125, 50, level) {
		if math.Abs(v-7) > 1e-9 {
			t.Fatalf("sample %d of a level is %v", i, v)
		}
	}
}

// A missing sample makes the samples around it missing, and no others.
func TestResamplingOfMissingSamples(t *testing.T) {
	x := sine(2500, 3, 250)
	x[1000] = math.NaN()
	y := all(t, 250, 125, 100, x)
	if !math.IsNaN(y[500]) || math.IsNaN(y[450]) || math.IsNaN(y[550]) {
		t.Errorf("%v %v %v", y[450], y[500], y[550])
	}
}

func TestRatesThatCannotBe(t *testing.T) {
	for _, rates := range [][2]int{{0, 125}, {125, -1}, {99991, 99989}} {
		if _, err := NewResampler(rates[0], rates[1]); err == nil {
			t.Errorf("%v: no error", rates)
		}
	}
	for _, hz := range []float64{0, 125, -1, math.NaN(), math.Inf(1)} {
		if _, err := NewBiquad(LowPass, 250, hz, 1); err == nil {
			t.Errorf("%v Hz: no error", hz)
		}
	}
}

// A section passes and stops what its kind says, in chunks as at once, and begins without a step.
func TestBiquads(t *testing.T) {
	for _, tt := range []struct {
		kind        Kind
		hz, quality float64
		passes      float64
		stops       float64
	}{{LowPass, 20, math.Sqrt2 / 2, 2, 110}, {HighPass, 20, math.Sqrt2 / 2, 110, 2}, {Notch, 50, 10, 10, 50}} {
		for hz, want := range map[float64]bool{tt.passes: true, tt.stops: false} {
			q, err := NewBiquad(tt.kind, 250, tt.hz, tt.quality)
			if err != nil {
				t.Fatal(err)
			}
			x := sine(2500, hz, 250)
			for i := 0; i < len(x); i += 100 {
				q.Filter(x[i : i+100])
			}
			highest := 0.0
			for _, v := range x[1250:] {
				highest = max(highest, math.Abs(v))
			}
			if want != (highest > 0.95) || !want && highest > 0.05 {
				t.Errorf("kind %d: %v Hz comes out as %v", tt.kind, hz, highest)
			}
		}
	}
	q, err := NewBiquad(LowPass, 250, 20, math.Sqrt2/2)
	if err != nil {
		t.Fatal(err)
	}
	x := []float64{5, 5, 5, math.NaN(), 9, 9}
	q.Filter(x)
	for i, want := range []float64{5, 5, 5, math.NaN(), 9, 9} {
		if math.Abs(x[i]-want) > 1e-9 || math.IsNaN(x[i]) != math.IsNaN(want) {
			t.Errorf("sample %d is %v, want %v", i, x[i], want)
		}
	}
}
