package mimic

import (
	"cmp"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

func readAll(t *testing.T, s *Source) map[string]*source.Patient {
	t.Helper()
	all := map[string]*source.Patient{}
	for p, err := range s.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ID, s.Name()+":")] = p
	}
	return all
}

func demoIV(t *testing.T) string { return filepath.Join(opendata.Dir(t), "mimic-iv-demo") }

// point is a value as a reader of the tables sees it.
type point struct {
	channel, at string
	value       float32
	ref         string
}

func points(p *source.Patient) (out []point) {
	for i := range p.Events {
		v := p.Events[i].Vitals
		if v == nil {
			continue
		}
		for k := range v.Observations {
			o := &v.Observations[k]
			number, _ := strconv.ParseFloat(string(*o.Value), 32)
			out = append(out, point{o.Channel, o.EventTime.Std().Format(time.DateTime), float32(number), o.Ref})
		}
	}
	return out
}

// chosen are items whose rows are read here once more, plainly.
var chosen = map[string]struct {
	channel string
	convert func(float64) float64
}{
	"220045": {"heart_rate", nil},
	"220277": {"spo2", nil},
	"223761": {"temperature", func(f float64) float64 { return (f - 32) * 5 / 9 }},
	"223835": {"fio2", func(v float64) float64 {
		if v > 1 {
			return v / 100
		}
		return v
	}},
	"220739": {"gcs_eye", nil},
}

var plausible = map[string][2]float64{"heart_rate": {0, 390}, "spo2": {0, 100}, "temperature": {14.2, 47}, "fio2": {0.2, 1}, "gcs_eye": {1, 4}}

// Every row is counted once, and five items of all patients come out as a plain
// reading of the tables gives them.
func TestDemoOfMIMICIV(t *testing.T) {
	dir := demoIV(t)
	s, err := OpenIV(dir)
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, s)
	rows := s.Rows()
	read := 0
	for _, table := range []string{"icu/chartevents", "icu/inputevents", "icu/outputevents", "icu/icustays",
		"hosp/labevents", "hosp/admissions", "hosp/transfers"} {
		opendata.EachRow(t, filepath.Join(dir, table+".csv.gz"), func(func(string) string) { read++ })
	}
	if rows.Read != read || rows.Read != rows.Used+rows.Unmapped+rows.Duplicate+rows.Rejected {
		t.Errorf("%d rows in the tables, counted %+v", read, rows)
	}
	if n := rows.RejectedBy[schemas.Unreadable] + rows.RejectedBy[schemas.BadUnit]; n > 0 {
		t.Errorf("%d rows are unreadable or of a unit without conversion: %v", n, rows.Problems)
	}
	if rows.Used < 170_000 || rows.RejectedBy[schemas.Implausible] > 100 {
		t.Errorf("used %d, rejected %v", rows.Used, rows.RejectedBy)
	}
	stays := map[string][][2]time.Time{}
	opendata.EachRow(t, filepath.Join(dir, "icu/icustays.csv.gz"), func(row func(string) string) {
		stays[row("subject_id")] = append(stays[row("subject_id")], [2]time.Time{dateTime(row("intime")).Add(-48 * time.Hour), dateTime(row("outtime"))})
	})
	if len(all) != len(stays) || len(all) != 100 {
		t.Fatalf("%d patients with stays, the tables have %d", len(all), len(stays))
	}
	want := map[string]map[point]bool{}
	mapped, inStay := 0, 0
	opendata.EachRow(t, filepath.Join(dir, "icu/chartevents.csv.gz"), func(row func(string) string) {
		item, _ := strconv.ParseInt(row("itemid"), 10, 64)
		if editionIV.items.find(chartEvents, item) == nil {
			return
		}
		mapped++
		subject, at := row("subject_id"), dateTime(row("charttime"))
		if !slices.ContainsFunc(stays[subject], func(s [2]time.Time) bool { return !at.Before(s[0]) && !at.After(s[1]) }) {
			return
		}
		inStay++
		c, ok := chosen[row("itemid")]
		v, err := strconv.ParseFloat(row("valuenum"), 64)
		if !ok || err != nil {
			return
		}
		if c.convert != nil {
			v = c.convert(v)
		}
		if limit := plausible[c.channel]; v < limit[0] || v > limit[1] {
			return
		}
		if want[subject] == nil {
			want[subject] = map[point]bool{}
		}
		want[subject][point{channel: c.channel, at: row("charttime"), value: float32(v),
			ref: "chartevents:" + row("itemid") + "@" + strings.Replace(row("charttime"), " ", "T", 1)}] = true
	})
	used, compared := 0, 0
	for subject, p := range all {
		sent := points(p)
		for _, o := range sent {
			if !strings.HasPrefix(o.ref, "chartevents:") {
				continue
			}
			used++
			if _, ok := chosen[o.ref[12:18]]; !ok {
				continue
			}
			compared++
			if !want[subject][o] {
				t.Errorf("%s: %+v is not in the tables", subject, o)
			}
			delete(want[subject], o)
		}
		for missing := range want[subject] {
			// The same value of another row, such as 223762 beside 223761, counts once.
			if !slices.ContainsFunc(sent, func(o point) bool {
				return o.channel == missing.channel && o.at == missing.at && o.value == missing.value
			}) {
				t.Errorf("%s: %+v is not sent", subject, missing)
			}
		}
	}
	t.Logf("%d of %d chartevents rows of mapped items are used (%d lie in a stay or the 48 h before one); %d values compared", used, mapped, inStay, compared)
	if mapped != 146_691 || used < 125_000 || compared < 30_000 { // of the rest most repeat a value of labevents
		t.Errorf("used %d of %d rows in stays, compared %d", used, inStay, compared)
	}
}

func dateTime(s string) time.Time {
	t, _ := time.Parse(time.DateTime, s)
	return t
}

// Values of three patients, read off the tables by eye.
func TestValuesReadByEye(t *testing.T) {
	s, err := OpenIV(demoIV(t))
	if err != nil {
		t.Fatal(err)
	}
	all := readAll(t, s)
	for _, c := range []struct {
		subject string
		want    point
	}{
		{"10000032", point{"heart_rate", "2180-07-23 14:12:00", 91, "chartevents:220045@2180-07-23T14:12:00"}},
		{"10000032", point{"temperature", "2180-07-23 14:00:00", 37.055557, "chartevents:223761@2180-07-23T14:00:00"}}, // 98.7 °F
		{"10000032", point{"systolic_cuff", "2180-07-23 14:11:00", 84, "chartevents:220179@2180-07-23T14:11:00"}},
		{"10000032", point{"potassium", "2180-07-23 13:06:00", 5.8, "labevents:394"}}, // charted too, and known a minute after
		{"10000032", point{"urine_output", "2180-07-23 15:00:00", 175, "outputevents:226560@2180-07-23T15:00:00"}},
		{"10000032", point{"colloid_in", "2180-07-23 17:30:00", 50, "inputevents:220862@2180-07-23T17:00:00"}}, // has run in
		{"10000032", point{"weight", "2180-07-23 12:36:00", 39.4, "chartevents:226512@2180-07-23T12:36:00"}},   // before the stay
		{"10002428", point{"gcs_verbal", "2156-04-12 17:30:00", 5, "chartevents:223900@2156-04-12T17:30:00"}},
		{"10002428", point{"creatinine", "2156-04-12 10:20:00", 1.1, "labevents:27174"}},
		{"10003400", point{"vasopressin", "2137-02-26 00:05:00", 0.02, "inputevents:222315@2137-02-26T00:05:00"}}, // 1.2 units/hour
	} {
		if got := points(all[c.subject]); !slices.Contains(got, c.want) {
			slices.SortFunc(got, func(a, b point) int { return cmp.Compare(a.at, b.at) })
			got = slices.DeleteFunc(got, func(p point) bool { return p.channel != c.want.channel })
			t.Errorf("%s: no %+v among %+v", c.subject, c.want, got[:min(len(got), 20)])
		}
	}
}

// The numbers of the ventilator modes are those that the rows of the MIMIC-III
// demo with both number and word pair with it.
func TestModeCodes(t *testing.T) {
	channel, _ := schemas.ChannelByName("ventilated")
	seen := map[float64]bool{}
	opendata.EachRow(t, filepath.Join(opendata.Dir(t), "mimic-iii-demo", "CHARTEVENTS.csv.gz"), func(row func(string) string) {
		if row("itemid") != strconv.Itoa(ventilatorMode) {
			return
		}
		code, err := strconv.ParseFloat(row("valuenum"), 64)
		known, listed := modeCodes[code]
		if err != nil || !listed {
			return
		}
		seen[code] = true
		if v, _, ok := channel.ParseText(row("value")); !ok || v != known {
			t.Errorf("%v is %q, which means %v (%v), want %v", code, row("value"), v, ok, known)
		}
	})
	if len(seen) != len(modeCodes) {
		t.Errorf("codes in the demo: %v, in the table: %v", seen, modeCodes)
	}
}
