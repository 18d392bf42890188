package physionet

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// The counts are those of the publisher, and of a look at the files.
func TestOutcomesOfTheSets(t *testing.T) {
	dir := filepath.Dir(openSet(t, "set-a.tar.gz"))
	for _, c := range []struct {
		path                           string
		stays, died, alive, noSAPS     int
		noSOFA, noLength, noDayOfDeath int
	}{
		{"set-a.tar.gz", 4000, 554, 2526, 190, 144, 60, 0},
		{"set-b.tar.gz", 4000, 568, 2483, 162, 137, 54, 1},
		{"Outcomes-b.txt", 4000, 568, 2483, 162, 137, 54, 1},
		{"", 8000, 554 + 568, 2526 + 2483, 190 + 162, 144 + 137, 60 + 54, 1},
	} {
		outcomes, err := ReadOutcomes(filepath.Join(dir, c.path))
		if err != nil {
			t.Fatal(err)
		}
		got := c
		got.stays, got.died, got.alive, got.noSAPS, got.noSOFA, got.noLength, got.noDayOfDeath = len(outcomes), 0, 0, 0, 0, 0, 0
		for id, o := range outcomes {
			for _, count := range []struct {
				n  *int
				is bool
			}{
				{&got.died, o.Died}, {&got.alive, math.IsInf(float64(o.Survival), 1)}, {&got.noSAPS, o.SAPSI != o.SAPSI},
				{&got.noSOFA, o.SOFA != o.SOFA}, {&got.noLength, o.LengthOfStay != o.LengthOfStay}, {&got.noDayOfDeath, o.Survival != o.Survival},
			} {
				if count.is {
					*count.n++
				}
			}
			if o.Died && o.DiedWithin(1e6) != 1 {
				t.Errorf("record %s died in hospital and %v days after admission", id, o.Survival)
			}
		}
		if got != c {
			t.Errorf("%+v, want %+v", got, c)
		}
	}
}

func TestDiedWithin(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct{ survival, days, want float32 }{{0, 7, 1}, {7, 7, 1}, {8, 7, 0}, {inf, 365, 0}, {nan, 365, nan}} {
		o := Outcome{Survival: c.survival}
		if got := o.DiedWithin(c.days); got != c.want && !(got != got && c.want != c.want) {
			t.Errorf("survival %v within %v days: %v, want %v", c.survival, c.days, got, c.want)
		}
	}
}

// Labels are whole, or there are none.
func TestWrongOutcomes(t *testing.T) {
	const columns = "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n"
	for name, c := range map[string]struct {
		files map[string]string
		path  string
		says  []string
	}{
		"none beside":   {map[string]string{"set-x/1.txt": head}, "", []string{"Outcomes-x.txt", "put it beside"}},
		"no such file":  {nil, "Outcomes-q.txt", []string{"Outcomes-q.txt"}},
		"header":        {map[string]string{"Outcomes-x.txt": "RecordID,Died\n1,0\n"}, "Outcomes-x.txt", []string{"saps-i", "Outcomes-x.txt"}},
		"no number":     {map[string]string{"Outcomes-x.txt": columns + "1,6,1,5,-1,yes\n"}, "Outcomes-x.txt", []string{"line 2", "yes"}},
		"neither":       {map[string]string{"Outcomes-x.txt": columns + "1,6,1,5,-1,-1\n"}, "Outcomes-x.txt", []string{"line 2", "hospital of -1"}},
		"torn":          {map[string]string{"Outcomes-x.txt": columns + "1,6,1,5,-1,0\n2,6,1\n"}, "Outcomes-x.txt", []string{"line 3"}},
		"twice":         {map[string]string{"Outcomes-x.txt": columns + "1,6,1,5,-1,0\n1,6,1,5,-1,0\n"}, "Outcomes-x.txt", []string{"line 3", "two outcomes"}},
		"no records":    {map[string]string{"a.csv": ""}, "", []string{"RecordID.txt"}},
		"in the folder": {map[string]string{"x/1.txt": head, "x/Outcomes-x.txt": columns + "7,6,1,5,,0\n"}, "x", []string{"line 2"}},
	} {
		_, err := ReadOutcomes(filepath.Join(folder(t, c.files), c.path))
		for _, words := range c.says {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v; it does not say %q", name, err, words)
			}
		}
	}
}

// A set has its outcomes whatever the two are called, and never those of another set.
func TestOutcomesOfSetsOfAnyName(t *testing.T) {
	const outcomes = "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n7,6,1,5,-1,1\n"
	packed := string(archive(t, []string{"x/7.txt"}, map[string]string{"x/7.txt": head + "00:00,RecordID,7\n"}))
	for name, c := range map[string]struct {
		files map[string]string
		path  string
		none  string // the error says it
	}{
		"only one set":               {map[string]string{"set-c.tar.gz": packed, "Outcomes-c.txt": outcomes}, "", ""},
		"its archive":                {map[string]string{"set-c.tar.gz": packed, "Outcomes-c.txt": outcomes}, "set-c.tar.gz", ""},
		"unpacked":                   {map[string]string{"set-q/7.txt": head, "Outcomes-q.txt": outcomes}, "", ""},
		"unpacked, itself":           {map[string]string{"set-q/7.txt": head, "Outcomes-q.txt": outcomes}, "set-q", ""},
		"unpacked, outcomes inside":  {map[string]string{"set-q/7.txt": head, "set-q/Outcomes-z.txt": outcomes}, "", ""},
		"no set in the names":        {map[string]string{"held.tgz": packed, "Outcomes.txt": outcomes}, "", ""},
		"a folder of another name":   {map[string]string{"records/7.txt": head, "notes/a.txt": "x", "Outcomes-c.txt": outcomes}, "", ""},
		"named unlike its outcomes":  {map[string]string{"validation.tar.gz": packed, "Outcomes-c.txt": outcomes}, "validation.tar.gz", ""},
		"those of another set":       {map[string]string{"set-c.tar.gz": packed, "set-a.tar.gz": packed, "Outcomes-a.txt": outcomes}, "set-c.tar.gz", "Outcomes-c.txt"},
		"nobody knows which of them": {map[string]string{"held.tgz": packed, "Outcomes-1.txt": outcomes, "Outcomes-2.txt": outcomes}, "", "Outcomes-held.txt"},
		"none":                       {map[string]string{"held.tgz": packed}, "", "put it beside the records"},
	} {
		path := filepath.Join(folder(t, c.files), c.path)
		if _, err := Open(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		found, err := ReadOutcomes(path)
		switch {
		case c.none == "" && (err != nil || !found["7"].Died):
			t.Errorf("%s: %v, %v", name, found, err)
		case c.none != "" && (err == nil || !strings.Contains(err.Error(), c.none)):
			t.Errorf("%s: %v, want an error that says %q", name, err, c.none)
		}
	}
}
