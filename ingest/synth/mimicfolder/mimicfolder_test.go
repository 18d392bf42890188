package mimicfolder

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io/fs"
	"iter"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

const storyLength = 12 * time.Hour

func unit(t *testing.T, seed uint64, beds int) source.Source {
	t.Helper()
	if seed == 1 {
		return dozen()[:beds]
	}
	u, err := synth.New(synth.Config{Seed: seed, Beds: beds, Duration: storyLength})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// listed is a source of the patients in it; nil ends it with an error.
type listed []*source.Patient

func (listed) Name() string          { return "listed" }
func (listed) Hash() string          { return "" }
func (listed) Rows() source.RowCount { return source.RowCount{} }
func (l listed) Patients(context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		for _, p := range l {
			if p == nil {
				yield(nil, errors.New("the source is broken"))
				return
			}
			if !yield(p, nil) {
				return
			}
		}
	}
}

// dozen is the unit of twelve that most tests look at, invented once.
var dozen = sync.OnceValue(func() (all listed) {
	u, err := synth.New(synth.Config{Seed: 1, Beds: 12, Duration: storyLength})
	if err != nil {
		panic(err)
	}
	for p := range u.Patients(context.Background()) {
		all = append(all, p)
	}
	return all
})

func written(t *testing.T, l *Layout, seed uint64, beds int) (dir string, w Written) {
	t.Helper()
	dir = t.TempDir()
	w, err := Write(t.Context(), dir, l, unit(t, seed, beds), seed)
	if err != nil {
		t.Fatal(err)
	}
	return dir, w
}

// readers are those of the real tables.
var readers = map[string]func(string) (*mimic.Source, error){mimic.Name: mimic.Open, mimic.NameIV: mimic.OpenIV}

func read(t *testing.T, l *Layout, dir string) ([]*source.Patient, *mimic.Source) {
	t.Helper()
	s, err := readers[l.Name](dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []*source.Patient
	for p, err := range s.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all, s
}

// The reader of the real tables finds the invented unit again: every value that it
// gives is one that the unit sent at that minute, every laboratory value is there, and
// the pulse of every half hour.
func TestReadBackIsWhatWasInvented(t *testing.T) {
	for _, l := range layouts {
		t.Run(l.Name, func(t *testing.T) {
			dir, _ := written(t, l, 1, 12)
			got, s := read(t, l, dir)
			if len(got) != 12 {
				t.Fatalf("%d patients are read", len(got))
			}
			compared := 0
			for i, p := range got {
				compared += compare(t, p, dozen()[i])
			}
			if compared < 3000 {
				t.Errorf("only %d values were compared", compared)
			}
			rows := s.Rows()
			if rows.Read != rows.Used+rows.Unmapped+rows.Duplicate+rows.Rejected {
				t.Errorf("rows do not add up: %+v", rows)
			}
			if rows.Unmapped == 0 || rows.Duplicate == 0 || rows.RecordedTimes == 0 || rows.ModelledTimes == 0 {
				t.Errorf("a class of rows does not occur: %+v", rows)
			}
			for _, reason := range []schemas.Reason{schemas.Unreadable, schemas.MarkedWrong, schemas.OutsideStay, schemas.NoValue, schemas.BadUnit, schemas.Implausible} {
				if rows.RejectedBy[reason] == 0 {
					t.Errorf("no row is rejected as %s: %v", reason, rows.RejectedBy)
				}
			}
		})
	}
}

// moment is a channel at a minute after admission.
type moment struct {
	channel string
	minute  schemas.Time
}

func compare(t *testing.T, got, sent *source.Patient) (compared int) {
	t.Helper()
	begin := sent.Stays[0].Admit
	all := map[moment][]float64{}
	for _, e := range sent.Events {
		if e.Vitals == nil {
			continue
		}
		for name, number := range e.Vitals.Values {
			v, _ := number.Float64()
			m := moment{name, minute(e.EventTime) - minute(begin)}
			all[m] = append(all[m], v)
		}
	}
	// Of two stays the second is away by as long as the patient was.
	away, back := schemas.Time(0), schemas.Time(math.MaxInt64)
	if len(got.Stays) == 2 {
		away, back = got.Stays[1].Admit-got.Stays[0].End, got.Stays[1].Admit
		if away < 3*24*schemas.Hour {
			t.Errorf("%s comes back after %d ms", got.ID, away)
		}
	}
	found := map[moment]bool{}
	for _, e := range got.Events {
		if e.Vitals == nil {
			continue
		}
		for _, o := range e.Vitals.Observations {
			at := *o.EventTime - got.Stays[0].Admit
			if *o.EventTime >= back {
				at -= away
			}
			m := moment{o.Channel, at}
			found[m] = true
			if o.Channel == "weight" || o.Channel == "height" {
				continue // from the statics
			}
			if o.Value == nil {
				continue
			}
			v, _ := o.Value.Float64()
			tolerance := 0.001
			if o.Channel == "temperature" {
				tolerance = 0.06 // through Fahrenheit with one decimal
			}
			like := func(want float64) bool { return math.Abs(v-want) < tolerance }
			if o.Channel == "norepinephrine" && v == 0 {
				continue // where a pump ends
			}
			compared++
			if !slices.ContainsFunc(all[m], like) {
				t.Errorf("%s has %s %v at %d min, the unit sent %v", got.ID, o.Channel, v, at/schemas.Minute, all[m])
			}
		}
	}
	last := got.Stays[len(got.Stays)-1].End - got.Stays[0].Admit - away
	for m := range all {
		if channelNamed(m.channel).table == labEvents && m.minute < last && !found[m] {
			t.Errorf("%s: %s at %d min is lost", got.ID, m.channel, m.minute/schemas.Minute)
		}
	}
	for half := schemas.Time(0); half+chartEvery <= last; half += chartEvery {
		there := false
		for at := half; at < half+chartEvery; at += schemas.Minute {
			there = there || found[moment{"heart_rate", at}]
		}
		if !there {
			t.Errorf("%s has no pulse in the half hour from %d min on", got.ID, half/schemas.Minute)
		}
	}
	return compared
}

// One patient dies in the stay, one has two stays; all is in the years from 2110 on
// and under numbers that MIMIC does not use, the same patients in both layouts.
func TestFatesDatesAndNumbers(t *testing.T) {
	beyond := map[string]string{mimic.Name: "mimic-iii:900000", mimic.NameIV: "mimic-iv:90000000"}
	var admitted [][]schemas.Time
	for _, l := range layouts {
		dir, w := written(t, l, 1, 12)
		got, _ := read(t, l, dir)
		deaths, twice, stays := 0, 0, 0
		var times []schemas.Time
		for _, p := range got {
			if p.ID <= beyond[l.Name] || len(p.ID) != len(beyond[l.Name]) {
				t.Errorf("patient %s", p.ID)
			}
			if len(p.Stays) == 2 {
				twice++
			}
			for _, s := range p.Stays {
				stays++
				times = append(times, s.Admit)
				if year := s.Admit.Std().Year(); year < 2110 || year > 2190 || s.End <= s.Admit {
					t.Errorf("%s is admitted in %d and leaves %d ms later", p.ID, year, s.End-s.Admit)
				}
			}
			for _, e := range p.Events {
				if e.ADT != nil && e.ADT.Type == "death" {
					deaths++
				}
				if e.ADT != nil && e.ADT.Type == "admit" && (e.ADT.Statics.AgeYears == nil || *e.ADT.Statics.AgeYears < 38 || e.ADT.Statics.Sex == "") {
					t.Errorf("%s: statics %+v", p.ID, e.ADT.Statics)
				}
			}
		}
		if deaths != 1 || twice != 1 || w.Stays != stays || w.Patients != len(got) {
			t.Errorf("%s: %d deaths, %d patients of two stays, %d stays read, written %+v", l.Name, deaths, twice, stays, w)
		}
		admitted = append(admitted, times)
	}
	if !slices.Equal(admitted[0], admitted[1]) {
		t.Error("the two layouts of one seed do not show the same stays")
	}
}

// contents are the files of a folder by their path in it.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		out[rel], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, l := range layouts {
		one, _ := written(t, l, 4, 2)
		two, _ := written(t, l, 4, 2)
		other, _ := written(t, l, 5, 2)
		a, b, c := contents(t, one), contents(t, two), contents(t, other)
		if len(a) != len(b) || len(a) < 10 {
			t.Fatalf("%d and %d files", len(a), len(b))
		}
		same := 0
		for name, content := range a {
			if !bytes.Equal(content, b[name]) {
				t.Errorf("%s: %s differs between two runs of one seed", l.Name, name)
			}
			if bytes.Equal(content, c[name]) {
				same++
			}
			if strings.HasSuffix(name, ".gz") && (!bytes.Equal(content[4:8], make([]byte, 4)) || content[3] != 0) {
				t.Errorf("%s: %s has a time or a name in its gzip header: %x", l.Name, name, content[:10])
			}
		}
		if same > 4 { // the notice, the two dictionaries, a table of inputs that two patients leave empty
			t.Errorf("%s: %d files of another seed are the same", l.Name, same)
		}
	}
}

// The tables have the columns of the published ones, and the items stand in their
// dictionaries under the table and the system that they are written for.
func TestColumnsAndItemsAreThePublishedOnes(t *testing.T) {
	for _, l := range layouts {
		dir := filepath.Join(opendata.Dir(t), l.Name+"-demo")
		for _, table := range l.tables {
			if table.file == "" {
				continue
			}
			var names []string
			for _, name := range table.columns {
				names = append(names, strings.ToLower(name))
			}
			if got := header(t, filepath.Join(dir, table.file+".csv.gz")); !slices.Equal(got, names) {
				t.Errorf("%s: columns %v, published are %v", table.file, names, got)
			}
		}
		links := map[int]string{}
		opendata.EachRow(t, filepath.Join(dir, l.tables[chartItems].file+".csv.gz"), func(field func(string) string) {
			links[number(field("itemid"))] = field("linksto")
		})
		opendata.EachRow(t, filepath.Join(dir, l.tables[labItems].file+".csv.gz"), func(field func(string) string) {
			links[number(field("itemid"))] = "labevents"
		})
		want := map[kind]string{chartEvents: "chartevents", labEvents: "labevents", outputEvents: "outputevents", inputsMV: "inputevents"}
		for _, c := range append(slices.Clone(channels), lactateInChart, alarmLimit) {
			if !strings.HasPrefix(links[c.metavision.id], want[c.table]) {
				t.Errorf("%s: item %d of %s is in %q", l.Name, c.metavision.id, c.channel, links[c.metavision.id])
			}
			if l.carevue && c.table != labEvents && !strings.HasPrefix(links[c.carevue.id], want[c.table]) {
				t.Errorf("%s: item %d of %s is in %q", l.Name, c.carevue.id, c.channel, links[c.carevue.id])
			}
		}
	}
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// header is a table's first line, in lower case.
func header(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	names, err := csv.NewReader(z).Read()
	if err != nil {
		t.Fatal(err)
	}
	for i := range names {
		names[i] = strings.ToLower(names[i])
	}
	return names
}

// What cannot be written is said with the patient's name, and nothing is written.
func TestRefusals(t *testing.T) {
	stays := []source.Stay{{ID: "1", Admit: 0, End: schemas.Hour}}
	vitals := func(v schemas.Vitals) []schemas.Event {
		return []schemas.Event{{Topic: schemas.TopicVitals, Vitals: &v}}
	}
	for name, c := range map[string]struct {
		patient *source.Patient
		says    string
	}{
		"broken source":   {nil, "the source is broken"},
		"no stay":         {&source.Patient{ID: "a:1"}, "a:1 has 0 stays"},
		"by code":         {&source.Patient{ID: "a:2", Stays: stays, Events: vitals(schemas.Vitals{Observations: []schemas.VitalsObservation{{Code: "8867-4"}}})}, "a:2 has observations by code"},
		"without an item": {&source.Patient{ID: "a:3", Stays: stays, Events: vitals(schemas.Vitals{Values: map[string]json.Number{"cardiac_output": "5"}})}, `a:3: cardiac_output "5"`},
		"no number":       {&source.Patient{ID: "a:4", Stays: stays, Events: vitals(schemas.Vitals{Values: map[string]json.Number{"heart_rate": "fast"}})}, `a:4: heart_rate "fast"`},
	} {
		dir := t.TempDir()
		_, err := Write(t.Context(), dir, layouts[0], listed{c.patient}, 1)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
		if files := contents(t, dir); len(files) > 0 {
			t.Errorf("%s: %d files were written", name, len(files))
		}
	}
	dir, _ := written(t, layouts[1], 1, 1)
	if _, err := Write(t.Context(), dir, layouts[1], unit(t, 1, 1), 1); !errors.Is(err, fs.ErrExist) {
		t.Errorf("over a folder that is there: %v", err)
	}
	if _, err := LayoutNamed("mimic-v"); err == nil || !strings.Contains(err.Error(), "mimic-iii or mimic-iv") {
		t.Errorf("an unknown layout: %v", err)
	}
}

// A unit of one patient has nobody to come back, and without an arterial line nobody
// dies; it is read all the same.
func TestOnePatient(t *testing.T) {
	for _, l := range layouts {
		dir, w := written(t, l, 1, 1)
		got, _ := read(t, l, dir)
		if w.Patients != 1 || len(got) != 1 {
			t.Errorf("%s: written %+v, %d patients read", l.Name, w, len(got))
		}
	}
}
