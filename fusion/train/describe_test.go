package train

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/fusion"
)

// describes holds that a trained model is described from its training stays: the same bytes twice,
// the same weights, and limits that none of those stays is beyond.
func describes(t *testing.T, r *Recipe, paths Paths, file string, examples int) {
	t.Helper()
	var hashes []string
	for range 2 {
		d, err := r.Describe(t.Context(), paths, file)
		if err != nil {
			t.Fatal(err)
		}
		to := filepath.Join(t.TempDir(), "described.safetensors")
		if err := d.Write(to); err != nil {
			t.Fatal(err)
		}
		m, err := fusion.Load(to)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, m.Hash())
		was, err := fusion.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(was.Network().Params().Values, m.Network().Params().Values) || !bytes.Equal(was.Record(), m.Record()) || was.Hash() == m.Hash() {
			t.Error("a description changes weights or record, or nothing")
		}
		of := m.Config().Description
		if of.Examples != examples || of.Channels[0].Seen == 0 || of.Channels[0].Edges[0] >= of.Channels[0].Edges[8] {
			t.Errorf("the description is of %d examples, want %d: %+v", of.Examples, examples, of.Channels[0])
		}
	}
	if hashes[0] != hashes[1] {
		t.Errorf("described twice it is %v", hashes)
	}
}

// Of new values drawn as those that an interval was fitted to, nine of ten lie in it, however few
// and however they are spread.
func TestConformalIntervalsHold(t *testing.T) {
	draw := rand.New(rand.NewPCG(7, 7))
	one := func() float32 { return float32(draw.ExpFloat64() - draw.NormFloat64()) }
	held, all := 0, 0
	for range 300 {
		fitted := make([]float32, 40)
		for i := range fitted {
			fitted[i] = one()
		}
		down, up := conformal(fitted, 0.9)
		for range 50 {
			all++
			if v := one(); v >= down && v <= up {
				held++
			}
		}
	}
	if share := float64(held) / float64(all); share < 0.89 || share > 0.95 {
		t.Errorf("%v of the new values lie in the interval, want nine of ten", share)
	}
}
