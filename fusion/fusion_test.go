package fusion

import (
	"bytes"
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

var rewrite = flag.Bool("rewrite", false, "write the shipped model file anew")

//go:generate go test -run TestShippedFileIsReproduced -rewrite

// shippedSeed of the untrained file.
const shippedSeed = 2012

func TestShippedFileIsReproduced(t *testing.T) {
	b, err := Untrained(shippedSeed)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile("models/untrained.safetensors", b, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(b, shippedFile) {
		t.Fatal("models/untrained.safetensors is not what Untrained makes: run go generate ./fusion")
	}
	m := Shipped()
	if m.Trained() || m.FLOP() > 500_000 {
		t.Errorf("trained %v, %d FLOP behind the time attention, want untrained and at most 500,000", m.Trained(), m.FLOP())
	}
}

// invented fills an input with random observations; every third channel is never
// observed.
func invented(m *Model, seed uint64) *encoders.Input {
	r := rand.New(rand.NewPCG(seed, 1))
	in := encoders.NewInput(m.Channels())
	for i := range in.Mean {
		if c := i / encoders.Bins; c%3 > 0 && r.Float32() < 0.3 {
			norm := m.config.Channels[c]
			in.Mean[i], in.Count[i] = float32(math.Abs(norm.Centre+norm.Scale*r.NormFloat64())), float32(1+r.IntN(60))
		}
	}
	age := float32(71)
	in.Stay = schemas.Statics{AgeYears: &age, Sex: "female"}
	return in
}

func predict(m *Model, in *encoders.Input) (p Prediction) {
	m.Predict(NewScratch(m), in, &p)
	return p
}

func TestPredictDependsOnTheInputAlone(t *testing.T) {
	m := Shipped()
	s := NewScratch(m)
	var other, again Prediction
	for seed := range uint64(20) {
		in := invented(m, seed)
		want := predict(m, in)
		m.Predict(s, invented(m, seed+100), &other)
		m.Predict(s, in, &again)
		if again != want {
			t.Fatalf("seed %d: %v after another patient, %v alone", seed, again, want)
		}
		if other == want {
			t.Fatalf("seed %d: another patient gives the same prediction", seed)
		}
		for i, p := range append(want.Phenotypes[:], want.Mortality, want.Decompensation) {
			if !(p >= 0 && p <= 1) {
				t.Fatalf("seed %d: probability %d is %v", seed, i, p)
			}
		}
		if h := want.LengthOfStayHours; !(h >= 0) || math.IsInf(float64(h), 0) {
			t.Fatalf("seed %d: %v hours", seed, h)
		}
	}
}

// Every modality counts, present, unusable or missing, and any subset of them may
// be there.
func TestEverySubsetOfModalities(t *testing.T) {
	m := Shipped()
	seen := map[Prediction]int{}
	for subset := range 1 << modalities {
		in := invented(m, 5)
		for k := range modalities {
			if subset&(1<<k) == 0 {
				if k == 0 {
					clear(in.Count)
				}
				continue
			}
			in.States[k], in.AgeHours[k] = schemas.Present, 3
		}
		p := predict(m, in)
		if before, ok := seen[p]; ok {
			t.Errorf("subsets %04b and %04b give the same prediction", before, subset)
		}
		seen[p] = subset
	}
	in := invented(m, 5)
	in.States[encoders.ECG] = schemas.Unusable
	unusable := predict(m, in)
	in.States[encoders.ECG] = schemas.Present
	if predict(m, in) == unusable {
		t.Error("an unusable ECG counts as a usable one")
	}
}

func TestExtremeInputsStayFinite(t *testing.T) {
	m := Shipped()
	for _, v := range []float32{0, -1e30, 1e30, math.MaxFloat32} {
		in := invented(m, 1)
		for i := range in.Mean {
			in.Mean[i], in.Count[i] = v, 1e6
		}
		in.AgeHours[1], in.States[1] = v, schemas.Present
		if p := predict(m, in); math.IsNaN(float64(p.Mortality)) || math.IsNaN(float64(p.LengthOfStayHours)) {
			t.Errorf("all values %v: %v", v, p)
		}
	}
}

func TestPredictAllocatesNothing(t *testing.T) {
	m := Shipped()
	s, in := NewScratch(m), invented(m, 3)
	var p Prediction
	if n := testing.AllocsPerRun(20, func() { m.Predict(s, in, &p) }); n != 0 {
		t.Errorf("%v allocations a prediction", n)
	}
}

func TestTornModelFiles(t *testing.T) {
	good := shippedFile
	for name, b := range map[string][]byte{
		"empty": {}, "no header": good[:8], "torn header": good[:100], "torn data": good[:len(good)-3],
		"a byte more": append(bytes.Clone(good), 0), "text": []byte("this is not a model file at all"),
		"not finite":     withBytes(good, len(good)-4, 0xff, 0xff, 0xff, 0xff),
		"huge header":    withBytes(good, 0, 0xff, 0xff, 0xff, 0xff),
		"another shape":  bytes.Replace(bytes.Clone(good), []byte(`"shape":[28,64]`), []byte(`"shape":[64,28]`), 1),
		"unknown tensor": bytes.Replace(bytes.Clone(good), []byte(`"gate.w"`), []byte(`"gate.x"`), 1),
		"unknown gate":   bytes.Replace(bytes.Clone(good), []byte(`laplace`), []byte(`lap1ace`), 1),
	} {
		if m, err := Read(b); err == nil || m != nil {
			t.Errorf("%s: read without an error", name)
		}
	}
}

func withBytes(b []byte, at int, v ...byte) []byte {
	b = bytes.Clone(b)
	copy(b[at:], v)
	return b
}

func FuzzRead(f *testing.F) {
	small := shippedFile[:2048]
	f.Add(small)
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, '{', '}'})
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := Read(b); err == nil {
			predict(m, encoders.NewInput(m.Channels()))
		}
	})
}

func BenchmarkPredict(b *testing.B) {
	m := Shipped()
	s, in := NewScratch(m), invented(m, 3)
	var p Prediction
	b.ReportAllocs()
	for b.Loop() {
		m.Predict(s, in, &p)
	}
	b.ReportMetric(float64(m.FLOP()), "FLOP-behind-attention/op")
}
