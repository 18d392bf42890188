package train

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// A label is known at its moment only, and by the paper's rules.
func TestMIMICLabels(t *testing.T) {
	labels, err := mimicLabels([]string{"mortality", "short_stay", "Shock", "Septicemia (except in labor)"})
	if err != nil {
		t.Fatal(err)
	}
	const hour = schemas.Hour
	stay := func(hours schemas.Time) source.Stay {
		return source.Stay{Admit: 1000 * hour, End: (1000 + hours) * hour}
	}
	shock := mimic.Outcome{Coded: true, Length: 60 * hour}
	shock.Phenotypes[24] = true
	for _, c := range []struct {
		name string
		o    mimic.Outcome
		stay source.Stay
		at   schemas.Time
		want string
	}{
		{"hour 48, under 96 h, alive", shock, stay(60), 48, "[0 1 NaN NaN]"},
		{"its end", shock, stay(60), 60, "[NaN NaN 1 0]"},
		{"hour 48, died", mimic.Outcome{Died: true, Length: 60 * hour}, stay(60), 48, "[1 0 NaN NaN]"},
		{"hour 48, 96 h and no less", mimic.Outcome{Length: 96 * hour}, stay(96), 48, "[0 0 NaN NaN]"},
		{"the end, without diagnoses", mimic.Outcome{Length: 60 * hour}, stay(60), 60, "[NaN NaN NaN NaN]"},
		{"an end at hour 48", mimic.Outcome{Coded: true, Length: 48 * hour}, stay(48), 48, "[0 1 0 0]"},
		{"dead before hour 48", mimic.Outcome{Died: true, Length: 52 * hour, Death: 1040 * hour}, stay(52), 48, "[NaN NaN NaN NaN]"},
		{"dead a moment before hour 48", mimic.Outcome{Died: true, Length: 52 * hour, Death: 1048*hour - 1}, stay(52), 48, "[NaN NaN NaN NaN]"},
		{"dead at hour 48", mimic.Outcome{Died: true, Length: 52 * hour, Death: 1048 * hour}, stay(52), 48, "[1 0 NaN NaN]"},
		{"dead after the stay", mimic.Outcome{Died: true, Length: 60 * hour, Death: 1200 * hour}, stay(60), 48, "[1 0 NaN NaN]"},
		{"dead before hour 48, at the end of the stay", mimic.Outcome{Died: true, Coded: true, Length: 52 * hour, Death: 1040 * hour}, stay(52), 52, "[NaN NaN 0 0]"},
		{"another hour", shock, stay(60), 24, "[NaN NaN NaN NaN]"},
	} {
		if got := fmt.Sprint(labels(&c.o, c.stay, c.stay.Admit+c.at*hour)); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if _, err := mimicLabels([]string{"Shok"}); err == nil || !strings.Contains(err.Error(), `nearest is "Shock"`) {
		t.Errorf("an unknown task: %v", err)
	}
}

// A moment sees the linked items that were known by then, each once.
func TestLinkedItemsAreKnownInTime(t *testing.T) {
	r := readRecipe(t, "tiny", "data.hours=[6, 12, 24]", "model.modalities=[{name: vital, kind: series}, {name: lab, kind: series}, {name: ecg, kind: items}]")
	recorded, err := physionet.Open(invented(t, 1))
	if err != nil {
		t.Fatal(err)
	}
	c, err := r.cohort()
	if err != nil {
		t.Fatal(err)
	}
	c.Labels = func(string, source.Stay, schemas.Time) []float32 { return make([]float32, len(c.Tasks)) }
	at := func(h schemas.Time) schemas.Time { return physionet.Admitted + h*schemas.Hour }
	c.Linked = func(string) (list []LinkedItem) {
		for _, h := range []schemas.Time{1, 8, 11} { // that of hour 11 is known at hour 14
			list = append(list, LinkedItem{encoders.ECG, schemas.Item{EventTime: at(h), State: schemas.Present}, at(h + h/10*3)})
		}
		return list
	}
	s, err := Load(t.Context(), recorded, c)
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	for _, e := range s.Examples {
		counts = append(counts, len(e.Items[0].Tau))
	}
	if !slices.Equal(counts, []int{1, 2, 3}) {
		t.Errorf("items at hours 6, 12 and 24: %v", counts)
	}
}
