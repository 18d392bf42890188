package ecg

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// comb is a line with a narrow spike every interval seconds.
func comb(seconds, rate, interval float64, height int16) []int16 {
	out := make([]int16, int(seconds*rate))
	for i := range out {
		phase := math.Mod(float64(i)/rate, interval) - interval/2
		out[i] = int16(float64(height)*math.Exp(-phase*phase/(2*0.012*0.012)) + 10*math.Sin(15*float64(i)/rate))
	}
	return out
}

func strip(rate float64, leads ...[]int16) *schemas.Strip {
	return &schemas.Strip{RateHz: rate, Gain: 0.005, Samples: leads}
}

func TestHeartRates(t *testing.T) {
	for _, rate := range []float64{50, 100, 125, 250, 500, 1000} {
		for _, bpm := range []float64{25, 32, 60, 93, 150, 210, 240} {
			for _, sign := range []int16{1, -1} {
				r := Analyse(strip(rate, comb(10, rate, 60/bpm, 200*sign)))
				if r.State != schemas.Present || math.Abs(float64(r.HeartRate)-bpm) > 0.03*bpm || r.Irregular || r.RMSSD > 25 {
					t.Errorf("%v/min at %v Hz, upright %v: %+v", bpm, rate, sign, r)
				}
			}
		}
	}
}

// A beat's place does not depend on the rate: it is the spike's.
func TestBeatsStandOnTheSpike(t *testing.T) {
	for _, rate := range []float64{100, 250, 500} {
		for _, at := range Analyse(strip(rate, comb(10, rate, 0.8, 200))).Beats {
			if off := math.Abs(math.Mod(float64(at)/rate, 0.8) - 0.4); off > 0.02 {
				t.Errorf("at %v Hz: a beat %v s beside the spike", rate, off)
			}
		}
	}
}

func TestIrregular(t *testing.T) {
	noise := rand.New(rand.NewPCG(5, 6))
	samples := fill(2500, func(int) float64 { return 3 * noise.NormFloat64() })
	at := 100
	for _, next := range []int{140, 260, 170, 300, 150, 210, 280, 130, 240, 160} {
		for i := -10; i <= 10; i++ {
			samples[at+i] += int16(200 * math.Exp(-float64(i*i)/18))
		}
		at += next
	}
	if r := Analyse(strip(250, samples)); r.State != schemas.Present || !r.Irregular || len(r.Beats) != 10 || r.RMSSD < 200 {
		t.Errorf("unlike intervals: %+v", r)
	}
}

func fill(n int, f func(i int) float64) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(f(i))
	}
	return out
}

func TestUnusableStrips(t *testing.T) {
	for name, s := range map[string]*schemas.Strip{
		"flat":           strip(250, make([]int16, 2500)),
		"half flat":      strip(250, append(make([]int16, 1400), comb(4.4, 250, 0.8, 200)...)),
		"tiny":           strip(250, fill(2500, func(i int) float64 { return float64(i % 7) })),
		"clipped":        strip(250, fill(2500, func(i int) float64 { return []float64{2047, -2048}[i/100%5/4] })),
		"short":          strip(250, comb(1.5, 250, 0.4, 200)),
		"one sample":     strip(250, []int16{1}),
		"no samples":     strip(250, []int16{}),
		"no lead":        strip(250),
		"nil":            nil,
		"slow sampling":  strip(20, comb(10, 20, 0.8, 200)),
		"no rate":        strip(0, comb(10, 250, 0.8, 200)),
		"NaN rate":       strip(math.NaN(), comb(10, 250, 0.8, 200)),
		"infinite rate":  strip(math.Inf(1), comb(10, 250, 0.8, 200)),
		"a single beat":  strip(250, fill(2500, func(i int) float64 { return 300 * math.Exp(-float64((i-900)*(i-900))/18) })),
		"base line only": strip(250, fill(2500, func(i int) float64 { return 400 * math.Sin(2*math.Pi*0.3*float64(i)/250) })),
	} {
		if r := Analyse(s); r.State != schemas.Unusable {
			t.Errorf("%s: %s with quality %v and %d beats", name, r.State, r.Quality, len(r.Beats))
		}
	}
}

// Noise of several kinds, a hundred strips each: at most one in twenty may pass.
func TestNoiseIsUnusable(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var walk, a, b float64
	for name, next := range map[string]func(i int) float64{
		"white":  func(int) float64 { return 100 * r.NormFloat64() },
		"walk":   func(int) float64 { walk = 0.995*walk + 10*r.NormFloat64(); return walk },
		"mains":  func(i int) float64 { return 100*math.Sin(2*math.Pi*50*float64(i)/250+0.3) + 3*r.NormFloat64() },
		"wander": func(i int) float64 { return 400*math.Sin(2*math.Pi*0.3*float64(i)/250) + 2*r.NormFloat64() },
		"10 Hz":  func(int) float64 { v := 1.88*a - 0.95*b + 10*r.NormFloat64(); a, b = v, a; return v },
	} {
		passed := 0
		for range 100 {
			if Analyse(strip(250, fill(2500, next))).State == schemas.Present {
				passed++
			}
		}
		if passed > 5 {
			t.Errorf("%s: %d of 100 strips are called usable", name, passed)
		}
	}
}

func TestBestLead(t *testing.T) {
	noise := rand.New(rand.NewPCG(3, 4))
	bad := fill(2500, func(int) float64 { return 100 * noise.NormFloat64() })
	good := comb(10, 250, 0.8, 200)
	want := Analyse(strip(250, good))
	for lead, s := range []*schemas.Strip{strip(250, good, bad, make([]int16, 2500)), strip(250, make([]int16, 2500), good, bad), strip(250, bad, make([]int16, 2500), good)} {
		got := Analyse(s)
		if got.Lead != lead || got.HeartRate != want.HeartRate || !slices.Equal(got.Beats, want.Beats) || got.State != schemas.Present {
			t.Errorf("the good lead is %d: %+v, want %+v", lead, got, want)
		}
	}
}

// What a strip says does not depend on the strips before it.
func TestAnalyserForgets(t *testing.T) {
	var a Analyser
	strips := []*schemas.Strip{strip(250, comb(10, 250, 0.8, 200)), strip(500, comb(4, 500, 0.4, -900)), strip(250, make([]int16, 2500)), strip(100, comb(30, 100, 1.1, 90))}
	for round := range 2 {
		for i, s := range strips {
			got, want := a.Analyse(s), Analyse(s)
			if got.HeartRate != want.HeartRate || got.Quality != want.Quality || got.RMSSD != want.RMSSD || !slices.Equal(got.Beats, want.Beats) {
				t.Errorf("round %d, strip %d: %+v after others, %+v alone", round, i, got, want)
			}
		}
	}
}

func TestAnalyserAllocatesNothing(t *testing.T) {
	var a Analyser
	s := strip(250, comb(10, 250, 0.8, 200), comb(10, 250, 0.8, -100))
	a.Analyse(s)
	if n := testing.AllocsPerRun(20, func() { a.Analyse(s) }); n > 0 {
		t.Errorf("%v allocations a strip", n)
	}
}

func FuzzAnalyse(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, 250.0, 0.005)
	wave := []byte{}
	for _, v := range comb(3, 100, 0.7, 3000) {
		wave = binary.LittleEndian.AppendUint16(wave, uint16(v))
	}
	f.Add(wave, 100.0, 0.001)
	f.Add(make([]byte, 600), 50.0, math.Inf(1))
	f.Fuzz(func(t *testing.T, b []byte, rate, gain float64) {
		samples := make([]int16, len(b)/2)
		for i := range samples {
			samples[i] = int16(binary.LittleEndian.Uint16(b[2*i:]))
		}
		s := &schemas.Strip{RateHz: rate, Gain: gain, Samples: [][]int16{samples, samples[:len(samples)/2]}}
		r := Analyse(s)
		if !(r.HeartRate >= 0 && r.HeartRate <= 301) || !(r.Quality >= 0 && r.Quality <= 1) || !(r.RMSSD >= 0) {
			t.Fatalf("%+v", r)
		}
		if r.State != schemas.Present && r.State != schemas.Unusable {
			t.Fatalf("state %v", r.State)
		}
		for i, at := range r.Beats {
			if at < 0 || at >= len(s.Samples[r.Lead]) || i > 0 && float64(at-r.Beats[i-1]) < refractory*rate {
				t.Fatalf("beats %v in %d samples", r.Beats, len(samples))
			}
		}
	})
}

func BenchmarkAnalyse(b *testing.B) {
	s := strip(250, comb(10, 250, 0.8, 200))
	var a Analyser
	b.ReportAllocs()
	for b.Loop() {
		a.Analyse(s)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/2500, "ns/sample")
}
