package boost

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"testing"
)

// invented rows: the answer is yes where exactly one of two features is high, and where the third
// is not known.
func invented(n int) (rows [][]float32, answers []bool, weights []float64) {
	f := fitter{random: 7}
	for range n {
		row := []float32{float32(f.next()), float32(f.next()), float32(f.next())}
		yes := (row[0] > 0.5) != (row[1] > 0.5)
		if row[2] > 0.9 {
			row[2], yes = float32(math.NaN()), true
		}
		rows, answers, weights = append(rows, row), append(answers, yes), append(weights, 1)
	}
	return rows, answers, weights
}

var settings = Settings{Trees: 40, Depth: 3, Rate: 0.3, Smallest: 1, Ridge: 1, Rows: 0.8, Columns: 1, Seed: 1}

// Trees learn what no single feature tells, and what an unknown feature tells.
func TestFitLearnsFeaturesTogether(t *testing.T) {
	rows, answers, weights := invented(2000)
	e := Fit([]string{"a", "b", "c"}, rows, answers, weights, settings)
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
	wrong := 0
	for i, row := range rows {
		if (Probability(e.Logit(row)) > 0.5) != answers[i] {
			wrong++
		}
	}
	if wrong > 40 {
		t.Errorf("%d of %d wrong", wrong, len(rows))
	}
	if again := Fit([]string{"a", "b", "c"}, rows, answers, weights, settings); !reflect.DeepEqual(e, again) {
		t.Error("a second fit gave other trees")
	}
}

// What is stored is what was fitted; more features than a byte can name are said, not cut.
func TestColumnsAreStored(t *testing.T) {
	text, err := json.Marshal(Columns{0, 3, 255})
	var again Columns
	if err := errors.Join(err, json.Unmarshal(text, &again)); err != nil || !reflect.DeepEqual(again, Columns{0, 3, 255}) {
		t.Errorf("%s: %v, %v", text, again, err)
	}
	if _, err := json.Marshal(Columns{256}); err == nil {
		t.Error("feature 256 was stored in a byte")
	}
}

// An ensemble of a damaged file is refused, so that it cannot send Logit astray.
func TestDamagedEnsemblesAreRefused(t *testing.T) {
	for name, tree := range map[string]Tree{
		"no node":       {},
		"parts differ":  {Feature: Columns{0}, Threshold: []float32{0, 1}, Left: []uint8{0}, Unknown: []uint8{0}},
		"a loop":        {Feature: Columns{0, 0, 0}, Threshold: []float32{0, 1, 1}, Left: []uint8{1, 1, 0}, Unknown: []uint8{0, 0, 0}},
		"no such child": {Feature: Columns{0}, Threshold: []float32{0}, Left: []uint8{1}, Unknown: []uint8{0}},
		"no feature":    {Feature: Columns{3, 0, 0}, Threshold: []float32{0, 1, 1}, Left: []uint8{1, 0, 0}, Unknown: []uint8{0, 0, 0}},
	} {
		if err := (&Ensemble{Features: []string{"a"}, Trees: []Tree{tree}}).Check(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
