package train

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
)

func drawOf(seed uint64, step int) nn.Draw { return nn.Draw{Seed: seed, Step: uint64(step)} }

func someState(values ...float32) *state {
	s := quick()
	st := newState(&nn.Params[float32]{Values: values}, &s)
	st.Step, st.Sum, st.adam.Steps, st.adam.Mean[0] = 3, 0.1, 3, 7
	st.Curve = []CurvePoint{{Epoch: 1, Loss: 0.1, Validation: &Validation{AUPRC: 0.3}}}
	return st
}

func TestCheckpointRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c")
	want := someState(1, 2, 3)
	want.best, want.BestEpoch, want.BestAUPRC = []float32{4, 5, 6}, 1, 0.1+0.2
	if err := writeCheckpoint(path, "s", want); err != nil {
		t.Fatal(err)
	}
	got := someState(0, 0, 0)
	weights := got.weights
	if err := readCheckpoint(path, "s", got); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(weights, want.weights) || !slices.Equal(got.best, want.best) || got.adam.Mean[0] != 7 ||
		got.Step != 3 || got.BestAUPRC != 0.1+0.2 || *got.Curve[0].Validation != *want.Curve[0].Validation {
		t.Errorf("got %+v, want %+v", got, want)
	}
	left, _ := os.ReadDir(filepath.Dir(path))
	if len(left) != 1 {
		t.Errorf("beside the checkpoint something was left: %v", left)
	}
}

// A file that is not just what was written is refused, and the state stays as it was.
func TestCheckpointRefuses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c")
	if err := writeCheckpoint(path, "s", someState(1, 2, 3)); err != nil {
		t.Fatal(err)
	}
	whole, _ := os.ReadFile(path)
	refused := func(what, signature, want string, content []byte, into *state) {
		t.Helper()
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := readCheckpoint(path, signature, into); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", what, err, want)
		}
		if into.weights[0] != 9 {
			t.Errorf("%s: the weights were changed", what)
		}
	}
	for cut := range len(whole) {
		if cut%37 == 0 || cut > len(whole)-3 {
			refused("torn", "s", "torn", whole[:cut], someState(9, 9, 9))
		}
	}
	for at := range whole {
		changed := slices.Clone(whole)
		changed[at] ^= 1
		refused("changed", "s", "begin anew", changed, someState(9, 9, 9))
	}
	refused("of another run", "other", "another recipe, seed or data", whole, someState(9, 9, 9))
	refused("of another model", "s", "this model has 2", whole, someState(9, 9))
	if err := writeCheckpoint(filepath.Join(path, "under", "a file"), "s", someState(1)); err == nil {
		t.Error("no error where the folder is none")
	}
}

func FuzzOpenCheckpoint(f *testing.F) {
	path := filepath.Join(f.TempDir(), "c")
	if err := writeCheckpoint(path, "s", someState(1, 2, 3)); err != nil {
		f.Fatal(err)
	}
	b, _ := os.ReadFile(path)
	f.Add(b[:len(b)-sha256.Size])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		sum := sha256.Sum256(b) // so that the checksum does not keep the fuzzer out
		b = append(slices.Clone(b), sum[:]...)
		h, data, err := openCheckpoint(b)
		if err != nil {
			return
		}
		n := 0
		for _, v := range h.Sections {
			n += v
		}
		if len(data) != 4*n {
			t.Errorf("%d bytes for %d numbers", len(data), n)
		}
	})
}
