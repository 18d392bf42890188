package physionet

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// openSet is one of the real archives.
func openSet(t testing.TB, name string) string {
	return filepath.Join(opendata.Dir(t), "physionet2012", name)
}

// texts reads an archive plainly: the text of each record.
func texts(t testing.TB, path string) map[string]string {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for r := tar.NewReader(z); ; {
		entry, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := strings.CutSuffix(filepath.Base(entry.Name), ".txt"); ok {
			out[id] = string(b)
		}
	}
}

func read(t testing.TB, path string) (map[string]*source.Patient, *Source) {
	t.Helper()
	s, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]*source.Patient{}
	for p, err := range s.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		out[p.ID] = p
	}
	return out, s
}

// seen is one observation, as the plain reader and the events have it.
type seen struct {
	minute  int
	channel string
	value   float32
	ref     string
}

// plainly reads a record the slow way: its observations by channel, time and
// line, and how many lines it has.
func plainly(t testing.TB, id, text string) (out []seen, lines int, told otherwise) {
	t.Helper()
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n")[1:] {
		lines++
		f := strings.Split(line, ",")
		minute := 60*atoi(t, f[0][:2]) + atoi(t, f[0][3:])
		v, err := strconv.ParseFloat(f[2], 64)
		if err != nil {
			t.Fatal(err)
		}
		c, _, ok := schemas.ChannelByCode(Name, f[1])
		info := c.Info()
		switch f[1] {
		case "RecordID", "Age", "Gender", "Height", "ICUType":
			continue
		case "pH":
			if v >= 650 {
				v /= 100
			} else if v >= 65 {
				v /= 10
			}
		}
		if !ok {
			t.Fatalf("parameter %s has no channel", f[1])
		}
		switch plausible := v >= info.Low && v <= info.High; {
		case v == 0 && info.Zero == schemas.ZeroRefused:
			told.zeros++
			if !plausible {
				told.outside++
			}
		case v != -1 && !plausible && info.Name == "temperature" && v >= 77 && v <= 116.6: // Fahrenheit
			told.outside++
			fallthrough
		case v != -1 && info.Unit == "%" && info.Fraction && v <= 1:
			told.assumed++
			fallthrough
		case v != -1 && plausible:
			out = append(out, seen{minute, info.Name, float32(v), id + ":" + strconv.Itoa(i+2)})
		}
	}
	return out, lines, told
}

// otherwise counts the lines that are not taken as they stand: zeros of a sensor, values in
// another unit, and how many of both are outside the plausible range.
type otherwise struct{ zeros, assumed, outside int }

func atoi(t testing.TB, s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// observations are those of a patient's events; each is available after its delay.
func observations(t testing.TB, p *source.Patient) (out []seen) {
	t.Helper()
	for i := range p.Events {
		e := &p.Events[i]
		if e.Vitals == nil {
			continue
		}
		for k := range e.Vitals.Observations {
			o := &e.Vitals.Observations[k]
			v, err := strconv.ParseFloat(string(*o.Value), 32)
			if err != nil {
				t.Fatal(err)
			}
			c, _ := schemas.ChannelByName(o.Channel)
			delay := 14 * schemas.Minute
			if c.Info().Group == "lab" {
				delay = 65 * schemas.Minute
			}
			if e.AvailableTime != *o.EventTime+delay || !e.Vitals.HasADT {
				t.Fatalf("%s: %s of %v is available at %v", p.ID, o.Channel, o.EventTime, e.AvailableTime)
			}
			out = append(out, seen{int((*o.EventTime - Admitted) / schemas.Minute), o.Channel, float32(v), o.Ref})
		}
	}
	return out
}

// Both published sets, every line: what is sent is what a plain reader finds, and
// the classes add up to the lines that the publisher counts.
func TestWholeSets(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 3.5 million lines twice: left out with -short")
	}
	for _, set := range []struct {
		name                        string
		lines, noValue, implausible int // implausible as the lines stand
	}{
		{"set-a.tar.gz", 1_757_980, 2_223, 345},
		{"set-b.tar.gz", 1_762_535, 2_282, 161},
	} {
		path := openSet(t, set.name)
		patients, s := read(t, path)
		lines, values, told := 0, 0, otherwise{}
		for id, text := range texts(t, path) {
			want, n, more := plainly(t, id, text)
			lines, values = lines+n, values+len(want)
			told.zeros, told.assumed, told.outside = told.zeros+more.zeros, told.assumed+more.assumed, told.outside+more.outside
			p := patients[Name+":"+id]
			if p == nil {
				t.Fatalf("no patient of record %s", id)
			}
			got := observations(t, p)
			byLine := func(a, b seen) int { return strings.Compare(a.ref, b.ref) }
			slices.SortFunc(got, byLine)
			slices.SortFunc(want, byLine)
			if !slices.Equal(got, want) {
				t.Fatalf("record %s: %s", id, cmp.Diff(want, got, cmp.AllowUnexported(seen{})))
			}
			moves := 0
			for i := range p.Events {
				if a := p.Events[i].ADT; a != nil && a.Stay == id {
					moves++
				}
			}
			if admit := p.Events[0].ADT; moves != 2 || admit == nil || admit.Type != "admit" || len(p.Stays) != 1 {
				t.Fatalf("record %s has %d movements, %d stays", id, moves, len(p.Stays))
			}
		}
		rows := s.Rows()
		implausible := set.implausible - told.outside
		want := source.RowCount{Read: set.lines, Used: set.lines - set.noValue - implausible - told.zeros, Rejected: set.noValue + implausible + told.zeros,
			RejectedBy:    map[schemas.Reason]int{schemas.NoValue: set.noValue, schemas.Implausible: implausible, schemas.SensorZero: told.zeros},
			ModelledTimes: values, AssumedUnits: told.assumed}
		t.Logf("%s: %+v", set.name, told)
		if diff := cmp.Diff(want, rows); diff != "" || lines != set.lines || len(patients) != 4_000 {
			t.Errorf("%s: %d lines, %d patients; %s", set.name, lines, len(patients), diff)
		}
		t.Logf("%s: %+v, hash %s", set.name, rows, s.Hash())
	}
}

// Records checked by eye against their files.
func TestRecordsByEye(t *testing.T) {
	patients, _ := read(t, openSet(t, "set-a.tar.gz"))
	number := func(v float32) *float32 { return &v }
	for _, c := range []struct {
		id      string
		statics schemas.Statics
		values  []seen
		first   string // the first message that is no movement
	}{
		{"132539", schemas.Statics{AgeYears: number(54), Sex: "female", Unit: "SICU"}, // Height -1, Weight -1
			[]seen{{7, "gcs_total", 15, "132539:8"}, {7, "mean_cuff", 92.33, "132539:11"}, {37, "heart_rate", 77, "132539:16"}},
			"2012-01-01T00:21:00.000Z"},
		{"132540", schemas.Statics{AgeYears: number(76), Sex: "male", HeightCM: number(175.3), WeightKG: number(76), Unit: "CSRU"},
			[]seen{{0, "weight", 76, "132540:7"}, {42, "ph", 7.45, "132540:8"}}, "2012-01-01T00:14:00.000Z"},
		{"140501", schemas.Statics{AgeYears: number(31), Sex: "male", Unit: "MICU"}, nil, ""}, // no time series
		{"140525", schemas.Statics{AgeYears: number(77), Sex: "male", HeightCM: number(170.2), WeightKG: number(70.4), Unit: "CSRU"},
			[]seen{{19*60 + 45, "ph", 7.34, "140525:256"}, {22*60 + 45, "ph", 7.35, "140525:298"}}, "2012-01-01T00:14:00.000Z"}, // 734, 735
		{"133308", schemas.Statics{AgeYears: number(60), Sex: "male", WeightKG: number(118.4), Unit: "MICU"},
			[]seen{{20*60 + 4, "ast", 14220, "133308:342"}}, "2012-01-01T00:14:00.000Z"}, // 1.422e+04
	} {
		p := patients[Name+":"+c.id]
		if p == nil {
			t.Fatalf("no patient of record %s", c.id)
		}
		if diff := cmp.Diff(c.statics, p.Events[0].ADT.Statics); diff != "" {
			t.Errorf("record %s: %s", c.id, diff)
		}
		if last := p.Events[slices.IndexFunc(p.Events[1:], func(e schemas.Event) bool { return e.ADT != nil })+1]; last.ADT.Type != "discharge" ||
			last.AvailableTime.String() != "2012-01-03T00:00:00.000Z" || p.Stays[0] != (source.Stay{ID: c.id, Admit: Admitted, End: last.EventTime}) {
			t.Errorf("record %s ends with %+v at %v", c.id, last.ADT, last.AvailableTime)
		}
		all := observations(t, p)
		for _, v := range c.values {
			if !slices.Contains(all, v) {
				t.Errorf("record %s lacks %+v", c.id, v)
			}
		}
		switch {
		case c.first == "":
			if len(p.Events) != 2 {
				t.Errorf("record %s has %d events, want its admit and its end", c.id, len(p.Events))
			}
		case p.Events[1].AvailableTime.String() != c.first:
			t.Errorf("record %s: the first values are there at %v, want %s", c.id, p.Events[1].AvailableTime, c.first)
		}
	}
}

func BenchmarkPatients(b *testing.B) {
	path := openSet(b, "set-a.tar.gz")
	for b.Loop() {
		if patients, _ := read(b, path); len(patients) != 4_000 {
			b.Fatalf("%d patients", len(patients))
		}
	}
	b.ReportMetric(1_757_980*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
