package lab

import (
	"bytes"
	"context"
	"encoding/xml"
	"io"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// quick settings, for tests.
func quick() Settings {
	s := Paper()
	s.To, s.Sizes, s.Datasets, s.Iterations = 4000, 3, 2, 60
	return s
}

// EM never lets the likelihood fall, kinks of the Laplace gate or not.
func TestLikelihoodGrows(t *testing.T) {
	for _, g := range []Gate{Laplace, Softmax} {
		truth := Truth(g, 5)
		r := rand.New(rand.NewPCG(5, uint64(g)))
		x, y := truth.Sample(r, 2000)
		m := Near(r, &truth, 3, 0.2)
		before := math.Inf(-1)
		for range 40 {
			l, _, err := m.Fit(t.Context(), x, y, 0, 1)
			if err != nil {
				t.Fatal(err)
			}
			if l < before-1e-12 {
				t.Fatalf("%s: the likelihood falls from %.15g to %.15g", g, before, l)
			}
			before = l
		}
	}
}

// A fit of the exact number of experts on a large sample is near the truth.
func TestFitFindsTheTruth(t *testing.T) {
	for _, g := range []Gate{Laplace, Softmax} {
		truth := Truth(g, 1)
		r := rand.New(rand.NewPCG(9, uint64(g)))
		x, y := truth.Sample(r, 40_000)
		m := Near(r, &truth, 2, 0.05)
		if _, _, err := m.Fit(t.Context(), x, y, 1e-6, 500); err != nil {
			t.Fatal(err)
		}
		if e := Compare(&m, &truth); e.Loss > 0.4 || e.A > 0.1 || e.B > 0.1 || e.Nu > 0.1 {
			t.Errorf("%s: %+v\ntruth %s\nfit   %s", g, e, truth, m)
		}
	}
}

// The loss of the truth is 0, also with an expert cut in two; the exponents are
// those of the paper.
func TestCompare(t *testing.T) {
	truth := Truth(Laplace, 2)
	same := Mixture{Laplace, append([]Expert(nil), truth.Experts...)}
	if e := Compare(&same, &truth); e.Loss > 1e-15 {
		t.Errorf("the truth has loss %g", e.Loss)
	}
	half := truth.Experts[0]
	half.Beta -= math.Log(2)
	cut := Mixture{Laplace, []Expert{half, truth.Experts[1], half}}
	if e := Compare(&cut, &truth); e.Loss > 1e-15 {
		t.Errorf("the truth in three experts has loss %g", e.Loss)
	}
	cut.Experts[0].W += 0.01
	cut.Experts[2].B += 0.01
	w := math.Exp(half.Beta)
	if e, want := Compare(&cut, &truth), w*(1e-4+1e-8); math.Abs(e.Loss-want) > 1e-12 {
		t.Errorf("loss %g, want %g", e.Loss, want)
	}
}

func TestSameBitsOnAnyThreads(t *testing.T) {
	var first []Curve
	for _, threads := range []int{1, 3} {
		s := quick()
		s.Threads = threads
		curves, err := Convergence(t.Context(), s, func(int, int) {})
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = curves
		} else if !reflect.DeepEqual(first, curves) {
			t.Error("3 threads give another result than 1")
		}
	}
	var table, plot bytes.Buffer
	if err := WriteTable(&table, first); err != nil || !strings.Contains(table.String(), "laplace, over-specified") {
		t.Errorf("table: %v\n%s", err, table.String())
	}
	if err := WriteSVG(&plot, first); err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(&plot); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCutShort(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Convergence(ctx, quick(), func(int, int) {}); err != context.Canceled {
		t.Errorf("error %v, want canceled", err)
	}
}
