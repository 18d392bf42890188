package train

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/fleximodal"
)

// pumps writes a small invented set.
func pumps(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pumps")
	if err := fleximodal.Generate(dir, 1, fleximodal.Invented{Train: 80, Validation: 40, Test: 40}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// Data that is no ICU's takes the whole way: plan, loop, judgement, model file. The file is
// a model for everybody but those who serve patients.
func TestFleximodal(t *testing.T) {
	r := readRecipe(t, "fleximodal", "training.epochs=2", "training.patience=0", "augmentation.thinning=0.2")
	plan, err := r.NewPlan(t.Context(), Paths{Data: []string{pumps(t)}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	s := plan.Stays
	if len(s.Train) != 80 || len(s.Held) != 40 || len(plan.Test) != 40 {
		t.Fatalf("%d to train on, %d to validate with, %d to test on", len(s.Train), len(s.Held), len(plan.Test))
	}
	c := &s.Network.Config
	if len(c.Modalities) != 3 || c.Modalities[2].Width != 6 || len(c.Channels) != 4 || c.Channels[3].Name != "flow" || c.Tasks[0].Bias == 0 || c.Window != "7 days" {
		t.Fatalf("the network's config is %+v", c)
	}
	if flow := c.Channels[3]; flow.Centre < 35 || flow.Centre > 45 || flow.Scale < 4 || flow.Scale > 9 {
		t.Errorf("the scale of the flow is %+v, invented as 40 and 6", flow)
	}
	result, err := (&Loop{Problem: s, Settings: r.Training, Seed: 1}).Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	quality, err := plan.Judge(t.Context(), result)
	if err != nil || len(quality) != 1 || quality[0].Examples != 40 {
		t.Fatalf("%v: %+v", err, quality)
	}
	path := filepath.Join(t.TempDir(), "m.safetensors")
	if err := plan.Write(path, result, plan.Record(result, quality)); err != nil {
		t.Fatal(err)
	}
	if m, err := fusion.Open(path); err != nil || !m.Trained() {
		t.Errorf("the file is no trained model: %v", err)
	}
	if _, err := fusion.Load(path); err == nil || !strings.Contains(err.Error(), "7 days") {
		t.Errorf("a model of pumps can serve patients: %v", err)
	}
}

// Channels with names of an ICU's make no model that serves, for its window is another.
func TestFleximodalNeverServes(t *testing.T) {
	dir := pumps(t)
	for file, change := range map[string][2]string{
		fleximodal.ManifestFile: {"[amplitude, pitch]", "[heart_rate, lactate]"}, "vibration.csv": {"amplitude,pitch", "heart_rate,lactate"},
	} {
		path := filepath.Join(dir, file)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	plan, err := readRecipe(t, "fleximodal").NewPlan(t.Context(), Paths{Data: []string{dir}}, 1)
	if err != nil {
		t.Fatal(err)
	}
	b, err := plan.Stays.Network.Marshal(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fusion.Read(b); err == nil || !strings.Contains(err.Error(), "7 days") {
		t.Errorf("it serves: %v", err)
	}
}

func TestFleximodalStatistics(t *testing.T) {
	var b bytes.Buffer
	training, testing, err := readRecipe(t, "fleximodal").WriteStatistics(t.Context(), Paths{Data: []string{pumps(t)}}, &b)
	if err != nil || training != 80 || testing != 40 {
		t.Fatalf("%d and %d, %v", training, testing, err)
	}
	header, _, _ := strings.Cut(b.String(), "\n")
	if !strings.Contains(header, "label.failure,amplitude.last") || strings.Count(b.String(), "\n") != 121 {
		t.Errorf("%d lines, the first %.100s", strings.Count(b.String(), "\n"), header)
	}
}

// A recipe of any data leaves to the manifest what is the manifest's.
func TestFleximodalRecipeRefuses(t *testing.T) {
	for set, want := range map[string]string{
		"data.hours=[48]":                          "data.hours",
		"split.test=0.2":                           "split.test",
		"model.statics=[age]":                      "model.statics",
		"model.experts=-1":                         "experts is -1",
		"model.cells=24":                           "", // twelve points divide it
		"model.cells=24 augmentation.thinning=0.1": "multiple of 48",
		"model.gate=gausssian":                     "gate is",
	} {
		_, err := ReadRecipe("fleximodal", strings.Fields(set))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", set, err, want)
		}
	}
	r := readRecipe(t, "fleximodal")
	if _, err := r.NewPlan(t.Context(), Paths{Data: []string{t.TempDir()}}, 1); err == nil || !strings.Contains(err.Error(), "no manifest.yaml") {
		t.Errorf("a directory without a manifest: %v", err)
	}
	if _, err := r.NewPlan(t.Context(), Paths{Data: []string{"a", "b"}}, 1); err == nil || !strings.Contains(err.Error(), "one directory") {
		t.Errorf("two directories: %v", err)
	}
}
