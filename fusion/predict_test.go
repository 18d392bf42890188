package fusion

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// A first layer of items that was kept gives the bits of one that is made in the pass,
// for some stays of a batch or for all.
func TestProjectedItemsChangeNothing(t *testing.T) {
	m := drawn(t, small("notes", nil), 5)
	s := NewScratch(m)
	var batch []*encoders.Input
	for seed := range uint64(8) {
		batch = append(batch, invented(m.Shape(), seed))
	}
	want := predict(m, batch...)
	rows := 0
	for b, in := range batch {
		items := &in.Items[0]
		for i := range items.Tau {
			items.Projected = append(items.Projected, m.Project(s, 0, &encoders.KeptItem{State: schemas.Present, Vector: items.Vectors[i*items.Width : (i+1)*items.Width]})...)
			rows++
		}
		if got := predict(m, batch...); !slices.Equal(got, want) {
			t.Fatalf("kept for %d stays: %v, want %v", b+1, got, want)
		}
	}
	for _, in := range batch {
		for i := range in.Items[0].Projected {
			in.Items[0].Projected[i]++
		}
	}
	if rows == 0 || slices.Equal(predict(m, batch...), want) {
		t.Errorf("%d items: what was kept is not read", rows)
	}
	if y := m.Project(s, 0, &encoders.KeptItem{State: schemas.Present, Vector: []float32{1}}); y != nil {
		t.Errorf("a vector of another width has the first layer %v", y)
	}
}

// BenchmarkPruning is a prediction at the paper's sizes: with the last layer worked out
// at the one token that the head reads, as Predict does, and at all 48.
func BenchmarkPruning(b *testing.B) {
	for _, layers := range []int{2, 3} {
		m := drawn(b, paperSize(layers), 3)
		in := []*encoders.Input{invented(m.Shape(), 3)}
		s, n := NewScratch(m), m.network
		for _, whole := range []bool{false, true} {
			b.Run(fmt.Sprintf("layers=%d/last-layer-whole=%v", layers, whole), func(b *testing.B) {
				for b.Loop() {
					s.tape.Reset()
					p := n.pass(nil)
					z := n.embed(s.tape, in, nil, &p)
					if whole {
						n.fuse(s.tape, z, 1, &p, &Trace[float32]{})
					} else {
						n.fuse(s.tape, z, 1, &p, nil)
					}
				}
			})
		}
	}
}

// BenchmarkItems is the time attention of a stay with 32 notes of width 768 at the
// paper's sizes: with the notes' first layer kept, and made anew.
func BenchmarkItems(b *testing.B) {
	m := drawn(b, paperSize(2), 3)
	s, n, r := NewScratch(m), m.network, rand.New(rand.NewPCG(1, 1))
	items := encoders.Items{State: schemas.Present, Width: 768, Vectors: make([]float32, encoders.KeptItems*768)}
	for i := range items.Vectors {
		items.Vectors[i] = float32(r.NormFloat64())
	}
	var kept []float32
	for i := range encoders.KeptItems {
		items.Tau = append(items.Tau, float32(i)/encoders.KeptItems)
		kept = append(kept, m.Project(s, 1, &encoders.KeptItem{State: schemas.Present, Vector: items.Vectors[i*768 : (i+1)*768]})...)
	}
	in := m.Shape().New()
	in.Items[1] = items
	phiR := n.Phi.At(nn.NewTape(&n.params, false), nn.Tensor[float32]{Rows: n.Config.Points, Cols: 1, Value: n.reference})
	for _, c := range []struct {
		name      string
		projected []float32
	}{{"kept", kept}, {"made", nil}} {
		b.Run("first-layer="+c.name, func(b *testing.B) {
			in.Items[1].Projected = c.projected
			for b.Loop() {
				s.tape.Reset()
				p := n.pass(nil)
				n.itemTokens(s.tape, &n.Fronts[2], phiR, []*encoders.Input{in}, &p)
			}
		})
	}
}
