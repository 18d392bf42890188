package fusion

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion/safetensors"
)

// TestTorchTwin holds the network of the model that serves against its twin in PyTorch on the same
// made-up stays in batch: probabilities within 1e-5, and stays per second, of which the ratio is
// printed. It runs where VIGIL_TORCH names a Python that has torch and numpy (make bench-torch).
func TestTorchTwin(t *testing.T) {
	python := os.Getenv("VIGIL_TORCH")
	if python == "" {
		t.Skip("VIGIL_TORCH names no Python with torch: make bench-torch")
	}
	m, dir := Shipped(), t.TempDir()
	stays := make([]*encoders.Input, 256)
	for i := range stays {
		stays[i] = invented(m.Shape(), uint64(i))
	}
	tasks := len(m.Config().Tasks)
	out := make([]float32, len(stays)*tasks)
	predictAll(m, stays, out, 1)
	model, inputs := filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "stays.safetensors")
	b, err := shippedFiles.ReadFile("models/" + OpenICU + ".safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(model, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if b, err = safetensors.Marshal(arraysOf(m, stays, out), map[string]string{}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inputs, b, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), python, filepath.Join("recipes", "torchtwin.py"), model, inputs)
	cmd.Stderr = os.Stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var twin struct {
		Torch string             `json:"torch"`
		Off   *float64           `json:"off"`
		Rates map[string]float64 `json:"stays_per_second"`
	}
	if err := json.Unmarshal(text, &twin); err != nil {
		t.Fatal(err)
	}
	if twin.Off == nil || !(*twin.Off <= 1e-5) {
		t.Fatalf("the twin differs: %s, want at most 1e-5", text)
	}
	for _, threads := range []string{"1", "2"} {
		best := time.Duration(1 << 62)
		for range 7 {
			start := time.Now()
			predictAll(m, stays, out, int(threads[0]-'0'))
			best = min(best, time.Since(start))
		}
		rate := float64(len(stays)) / best.Seconds()
		t.Logf("%s threads: %.0f stays a second, PyTorch %s %.0f: ratio %.2f; probabilities within %.1e", threads, rate, twin.Torch, twin.Rates[threads], rate/twin.Rates[threads], *twin.Off)
	}
}

// predictAll predicts in batches on so many goroutines.
func predictAll(m *Model, stays []*encoders.Input, out []float32, goroutines int) {
	const batch = 32
	tasks, each := len(m.Config().Tasks), len(stays)/goroutines
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			s := NewScratch(m)
			for at := g * each; at < (g+1)*each; at += batch {
				to := min(at+batch, (g+1)*each)
				m.Predict(s, stays[at:to], out[at*tasks:to*tasks])
			}
		})
	}
	group.Wait()
}

// arraysOf are inputs as the twin reads them, with the probabilities of the first task.
func arraysOf(m *Model, stays []*encoders.Input, out []float32) []safetensors.Array {
	n, shape := len(stays), m.Shape()
	list := map[string]*safetensors.Array{}
	var order []string
	add := func(name string, values []float32, shape ...int) {
		if list[name] == nil {
			list[name] = &safetensors.Array{Name: name, Shape: append([]int{n}, shape...)}
			order = append(order, name)
		}
		list[name].Values = append(list[name].Values, values...)
	}
	flags := func(known []bool) (values []float32) {
		for _, k := range known {
			v := float32(0)
			if k {
				v = 1
			}
			values = append(values, v)
		}
		return values
	}
	for i, in := range stays {
		add("count", in.Series.Count, shape.Channels, shape.Cells)
		add("mean", in.Series.Mean, shape.Channels, shape.Cells)
		add("last", in.Series.Last, shape.Channels, shape.Cells)
		add("stats", in.Stats, len(in.Stats))
		add("stats_known", flags(in.StatsKnown), len(in.Stats))
		add("statics", in.Statics, len(in.Statics))
		add("statics_known", flags(in.StaticsKnown), len(in.Statics))
		add("hours", []float32{in.Hours})
		add("probability", out[i*len(m.Config().Tasks):][:1])
	}
	arrays := make([]safetensors.Array, 0, len(order))
	for _, name := range order {
		arrays = append(arrays, *list[name])
	}
	return arrays
}
