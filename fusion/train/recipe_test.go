package train

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/fusion"
)

func readRecipe(t *testing.T, name string, set ...string) *Recipe {
	t.Helper()
	r, err := ReadRecipe(name, set)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecipesInTheBinary(t *testing.T) {
	names := RecipeNames()
	if len(names) < 3 {
		t.Fatalf("recipes %v", names)
	}
	for _, name := range names {
		r := readRecipe(t, name)
		if r.Name != name || r.About == "" || strings.Contains(r.About, "\n") {
			t.Errorf("%s: name %q, about %q", name, r.Name, r.About)
		}
		text, err := os.ReadFile(filepath.Join("..", "recipes", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		other := filepath.Join(t.TempDir(), "mine.yaml")
		if err := os.WriteFile(other, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if readRecipe(t, other).Hash() != r.Hash() {
			t.Errorf("%s: read from a file it is another", name)
		}
	}
}

// The recipe's network is the one that was measured: 1.12 M parameters with the skip.
func TestRecipeHasItsSize(t *testing.T) {
	for name, want := range map[string]int{"physionet2012": 1_122_192, "physionet2012-plain": 723_600} {
		r := readRecipe(t, name)
		c := r.scaled()
		n, err := fusion.NewNetwork[float32](&c)
		if err != nil {
			t.Fatal(err)
		}
		if got := len(n.Params().Values); got < want-1000 || got > want+1000 {
			t.Errorf("%s: %d parameters, want about %d", name, got, want)
		}
	}
}

func TestSettingsChangeTheHash(t *testing.T) {
	r := readRecipe(t, "tiny")
	set := readRecipe(t, "tiny", "model.gate=softmax", "training.epochs=7", "data.hours=[6, 9]", "split.seed=4")
	if set.Model.Gate != "softmax" || set.Training.Epochs != 7 || len(set.Data.Hours) != 2 || set.Split.Seed != 4 {
		t.Errorf("set %+v", set)
	}
	if set.Model.Experts != r.Model.Experts || set.Hash() == r.Hash() {
		t.Error("other keys changed, or the hash did not")
	}
	if readRecipe(t, "tiny").Hash() != r.Hash() {
		t.Error("the same recipe has two hashes")
	}
}

func TestRecipeRefuses(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join("..", "recipes", "tiny.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	with := func(old, now string) string {
		if !strings.Contains(string(whole), old) {
			t.Fatalf("tiny.yaml has no %q", old)
		}
		return strings.Replace(string(whole), old, now, 1)
	}
	for want, text := range map[string]string{
		"the file is empty":                                                "# nothing\n",
		"a second document":                                                string(whole) + "\n---\nname: other\n",
		"line 1: want keys with values":                                    "- tiny\n",
		`no key "epoch" in training; the nearest is "epochs"`:              with("epochs: 3", "epoch: 3"),
		`no key "gatte" in model; the nearest is "gate"`:                   with("gate: laplace", "gatte: laplace"),
		`no key "modalty" in model.channels[0]; the nearest is "modality"`: with("heart_rate, modality", "heart_rate, modalty"),
		`no key "augmentations" here; the nearest is "augmentation"`:       with("augmentation:", "augmentations:"),
		"line ":                      with("epochs: 3", "epochs: many"),
		"epochs is 0":                with("epochs: 3", "epochs: 0"),
		`data.source is "physionet"`: with("source: physionet2012", "source: physionet"),
		`no labels for a task "soffa"; the nearest is "sofa"`: with("name: sofa", "name: soffa"),
		"data.hours are [12 9]":                               with("[12, 24, 48]", "[12, 9]"),
		"data.hours is empty":                                 with("[12, 24, 48]", "[]"),
		"nothing is held back to test on":                     with("test: 0.25", "test: 0"),
		"split.validation is 1.2":                             with("validation: 0.2", "validation: 1.2"),
		"training.patience wants a split.validation":          with("validation: 0.2", "validation: 0"),
		"teacher.weight is 2":                                 with("weight: 0\n", "weight: 2\n"),
		"augmentation.thinning is 1":                          with("thinning: 0.4", "thinning: 1"),
		"augmentation.least_hours is 0":                       with("least_hours: 6", "least_hours: 0"),
		"first task is mortality":                             with("mortality, kind: binary", "mortality, kind: regression"),
		"name is missing":                                     with("name: tiny", "name: ''"),
		"heart_beat":                                          with("name: heart_rate", "name: heart_beat"),
		"model: ":                                             with("gate: laplace", "gate: la place"),
		"mapping key \"name\" already defined":                "name: a\nname: b\n",
	} {
		if _, err := ParseRecipe([]byte(text), nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
	for want, set := range map[string]string{
		"want KEY=VALUE":           "teacher.weight",
		"sets nothing":             "=1",
		"no keys below that of":    "name.first=a",
		`no key "gates" in model`:  "model.gates=softmax",
		`the nearest is "teacher"`: "teachers.weight=1",
		"gate is \"hard\"":         "model.gate=hard",
	} {
		if _, err := ParseRecipe(whole, []string{set}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--set %s: error %v, want one that says %q", set, err, want)
		}
	}
	for want, name := range map[string]string{
		"or one of fleximodal, invented, mimic-iv-paper, open-icu, physionet2012": "phisionet",
		"no such file": "./nowhere.yaml",
	} {
		if _, err := ReadRecipe(name, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, want)
		}
	}
}

func FuzzParseRecipe(f *testing.F) {
	text, err := os.ReadFile(filepath.Join("..", "recipes", "tiny.yaml"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text, "model.gate=softmax")
	f.Add([]byte("a: &a [*a]"), "a.b=c")
	f.Fuzz(func(_ *testing.T, text []byte, set string) {
		_, _ = ParseRecipe(text, []string{set}) // an error or not, but never a panic
	})
}

// A vector of another length than the encoder makes would never be read, so that the recipe is refused.
func TestRecipeOfAnotherWidthIsRefused(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "recipes", "invented.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ParseRecipe(text, nil); err != nil {
		t.Fatal(err)
	}
	other := []byte(strings.Replace(string(text), "width: 86", "width: 53", 1))
	if _, err := ParseRecipe(other, nil); err == nil || !strings.Contains(err.Error(), "width is 53, and the vectors of the encoder vigil-imaging/1 have 86 numbers") {
		t.Errorf("error %v", err)
	}
}
