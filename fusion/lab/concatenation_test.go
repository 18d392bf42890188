package lab_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/fusion/fleximodal"
	"github.com/vigil-icu/vigil/fusion/lab"
)

// A tiny contest runs, twice the same, and both networks have the same size within 2 %.
func TestRivalry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pumps")
	if err := fleximodal.Generate(dir, 1, fleximodal.Invented{Train: 48, Validation: 24, Test: 24}); err != nil {
		t.Fatal(err)
	}
	var told []string
	r := lab.Rivalry{Recipe: "fleximodal", Data: dir, Set: []string{"training.epochs=1"}, Seeds: 2, Threads: 1, Tell: func(line string) { told = append(told, line) }}
	c, err := r.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Pairs) != 2 || len(told) != 2 || !(c.Low <= c.Mean && c.Mean <= c.High) {
		t.Fatalf("%+v, told %q", c, told)
	}
	if d := c.Pairs[0].Difference.Value - (c.Pairs[0].FuseMoE - c.Pairs[0].Concatenation); d > 1e-12 || d < -1e-12 {
		t.Errorf("the difference is off by %v", d)
	}
	var text, again strings.Builder
	if err := c.Write(&text); err != nil {
		t.Fatal(err)
	}
	if c, err = r.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := c.Write(&again); err != nil || again.String() != text.String() {
		t.Errorf("%v: twice it is not the same:\n%s%s", err, text.String(), again.String())
	}
	if !strings.Contains(text.String(), "mean difference") || !strings.Contains(text.String(), "parameters") {
		t.Errorf("written: %s", text.String())
	}
	r.Set = []string{"model.hidden=200"}
	if _, err := r.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "no comparison") {
		t.Errorf("networks of other sizes are compared: %v", err)
	}
}
