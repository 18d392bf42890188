package main

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas/news2test"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// This file recomputes NEWS2 straight from the CSV rows and shares nothing with the
// pipeline: its own reader, item lists, unit conversions and latest values, and the
// bands of the printed chart.

// newsTables are where an edition of MIMIC has what is read here.
type newsTables struct {
	domain, stays, stay, charts, labs string
}

var (
	newsMIMIC3 = newsTables{"mimic-iii:", "ICUSTAYS", "icustay_id", "CHARTEVENTS", "LABEVENTS"}
	newsMIMIC4 = newsTables{"mimic-iv:", "icu/icustays", "stay_id", "icu/chartevents", "hosp/labevents"}
)

// newsItems are the items behind each input of NEWS2: MIMIC-IV has those of
// MetaVision, above 220000.
var newsItems = map[string][]int{
	"rr":     {618, 220210, 3603, 615, 224690},
	"spo2":   {646, 220277},
	"fio2":   {3420, 223835, 190, 3422, 189, 727},
	"flow":   {470, 471, 223834, 227287},
	"sbpA":   {51, 220050, 225309, 6701},
	"sbpC":   {455, 220179, 3313, 3315, 442, 3317, 3323, 3321, 224167, 227243},
	"hr":     {211, 220045},
	"tempC":  {677, 676, 223762},
	"tempF":  {678, 679, 223761},
	"gcs":    {198},
	"eye":    {184, 220739},
	"verbal": {723, 223900},
	"motor":  {454, 223901},
	"vent":   {720, 223849},
}

// bloodGasFiO2 is the one laboratory item among them.
const bloodGasFiO2 = "50816"

// newsRange is what a value must lie in to count, in canonical units.
var newsRange = map[string][2]float64{
	"rr": {0, 330}, "spo2": {0, 100}, "fio2": {0.2, 1}, "flow": {0, 100}, "sbpA": {0, 375}, "sbpC": {0, 375}, "hr": {0, 390},
	"temp": {14.2, 47}, "gcs": {3, 15}, "eye": {1, 4}, "verbal": {1, 5}, "motor": {1, 6}, "vent": {0, 1},
}

type newsRow struct {
	kind             string
	event, available time.Time
	table, id        int
	value            float64
	untestable       bool
}

// knownAt sets when the row could be known: when it was stored, else after a delay.
func (r *newsRow) knownAt(stored time.Time, delay time.Duration) {
	switch {
	case stored.IsZero():
		r.available = r.event.Add(delay)
	case stored.Before(r.event):
		r.available = r.event
	default:
		r.available = stored
	}
}

// newsModes are MetaVision's numbers of ventilator modes: the demo of MIMIC-IV lost
// the words.
var newsModes = map[string]string{"2": "CMV/ASSIST", "11": "CPAP/PSV", "13": "MMV/PSV", "30": "Standby",
	"49": "CMV/ASSIST/AutoFlow", "51": "MMV/PSV/AutoFlow", "53": "CPAP/PPS"}

type newsScore struct {
	Due     string    `json:"due"`
	Patient string    `json:"patient"`
	Stay    string    `json:"stay"`
	AsOf    time.Time `json:"as_of"`
	NEWS2   struct {
		Value   int      `json:"value"`
		Partial bool     `json:"partial"`
		Missing []string `json:"missing"`
		Stale   []string `json:"stale"`
	} `json:"news2"`
}

func newsTime(s string) time.Time {
	t, _ := time.Parse("2006-01-02 15:04:05", s)
	return t
}

// checkNEWS2 holds the scores of `stays` stays in scores.jsonl against the CSV.
func checkNEWS2(t *testing.T, tables newsTables, dir, exported string, stays int) {
	t.Helper()
	admit := map[string]time.Time{}
	opendata.EachRow(t, filepath.Join(dir, tables.stays+".csv.gz"), func(row func(string) string) {
		admit[row(tables.stay)] = newsTime(row("intime"))
	})
	scores := map[string][]newsScore{}
	f, err := os.Open(filepath.Join(exported, "scores.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var s newsScore
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		scores[s.Stay] = append(scores[s.Stay], s)
	}
	if len(scores) < stays {
		t.Fatalf("%d stays have scores, want at least %d", len(scores), stays)
	}
	chosen := make([]string, 0, len(scores))
	for stay := range scores {
		chosen = append(chosen, stay)
	}
	slices.Sort(chosen)
	chosen = chosen[:stays]
	wanted := map[string]bool{}
	for _, stay := range chosen {
		wanted[strings.TrimPrefix(scores[stay][0].Patient, tables.domain)] = true
	}
	chart, err := news2test.Read(news2test.Printed)
	if err != nil {
		t.Fatal(err)
	}
	rows := newsRows(t, tables, dir, wanted)
	checked, wrong := 0, 0
	for _, stay := range chosen {
		for _, s := range scores[stay] {
			value, missing, stale, err := newsOf(chart, rows[strings.TrimPrefix(s.Patient, tables.domain)], admit[stay], s)
			if err != nil {
				t.Fatalf("%s stay %s as of %s: %v", s.Patient, stay, s.AsOf.Format(time.RFC3339), err)
			}
			checked++
			slices.Sort(missing)
			slices.Sort(s.NEWS2.Missing)
			if value != s.NEWS2.Value || !slices.Equal(missing, s.NEWS2.Missing) || !slices.Equal(stale, s.NEWS2.Stale) || s.NEWS2.Partial != (len(missing)+len(stale) > 0) {
				if wrong++; wrong <= 10 {
					t.Errorf("%s stay %s as of %s (%s): pipeline %d missing %v stale %v, from CSV %d missing %v stale %v",
						s.Patient, stay, s.AsOf.Format(time.RFC3339), s.Due, s.NEWS2.Value, s.NEWS2.Missing, s.NEWS2.Stale, value, missing, stale)
				}
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d of %d scores differ", wrong, checked)
	}
	t.Logf("NEWS2 agrees at %d scores of %d stays", checked-wrong, len(chosen))
}

func newsRows(t *testing.T, tables newsTables, dir string, wanted map[string]bool) map[string][]newsRow {
	kinds := map[string]string{}
	for kind, items := range newsItems {
		for _, item := range items {
			kinds[strconv.Itoa(item)] = kind
		}
	}
	rows := map[string][]newsRow{}
	opendata.EachRow(t, filepath.Join(dir, tables.charts+".csv.gz"), func(row func(string) string) {
		kind, ok := kinds[row("itemid")]
		if !ok || !wanted[row("subject_id")] || tables == newsMIMIC3 && row("error") == "1" {
			return
		}
		r := newsRow{kind: kind, event: newsTime(row("charttime"))}
		r.knownAt(newsTime(row("storetime")), 14*time.Minute)
		text := row("value")
		if tables == newsMIMIC3 {
			r.id, _ = strconv.Atoi(row("row_id"))
		} else {
			r.id, _ = strconv.Atoi(row("itemid")) // it has no row id: at one moment, items are in order
		}
		if kind == "vent" && text == "" {
			text = newsModes[row("valuenum")]
		}
		var err error
		if kind == "vent" {
			switch strings.TrimSpace(text) {
			case "", "Other/Remarks":
				return
			case "Standby":
				r.value = 0
			default:
				r.value = 1
			}
			rows[row("subject_id")] = append(rows[row("subject_id")], r)
			return
		}
		if r.value, err = strconv.ParseFloat(row("valuenum"), 64); err != nil {
			if r.value, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil {
				return
			}
		}
		upper := strings.ToUpper(text)
		r.untestable = kind == "verbal" && (strings.Contains(upper, "ET/TRACH") || strings.Contains(upper, "ETT") || strings.Contains(upper, "INTUB") || strings.Contains(upper, "TRACH"))
		switch {
		case kind == "fio2" && r.value > 1:
			r.value /= 100
		case kind == "tempF":
			r.kind, r.value = "temp", (r.value-32)*5/9
		case kind == "tempC":
			r.kind = "temp"
		}
		if limit, ok := newsRange[r.kind]; ok && (r.value < limit[0] || r.value > limit[1]) {
			return
		}
		r.value = float64(float32(r.value))
		rows[row("subject_id")] = append(rows[row("subject_id")], r)
	})
	opendata.EachRow(t, filepath.Join(dir, tables.labs+".csv.gz"), func(row func(string) string) {
		v, err := strconv.ParseFloat(row("valuenum"), 64)
		if row("itemid") != bloodGasFiO2 || !wanted[row("subject_id")] || err != nil {
			return
		}
		if v > 1 {
			v /= 100
		}
		if limit := newsRange["fio2"]; v < limit[0] || v > limit[1] {
			return
		}
		r := newsRow{kind: "fio2", event: newsTime(row("charttime")), value: v, table: 1}
		var stored time.Time
		if tables == newsMIMIC3 {
			r.id, _ = strconv.Atoi(row("row_id"))
		} else {
			r.id, _ = strconv.Atoi(row("labevent_id"))
			stored = newsTime(row("storetime"))
		}
		r.knownAt(stored, 65*time.Minute)
		rows[row("subject_id")] = append(rows[row("subject_id")], r)
	})
	for _, list := range rows {
		slices.SortStableFunc(list, func(a, b newsRow) int {
			if c := a.available.Compare(b.available); c != 0 {
				return c
			}
			if c := a.event.Compare(b.event); c != 0 {
				return c
			}
			if a.table != b.table {
				return a.table - b.table
			}
			return a.id - b.id
		})
	}
	return rows
}

// newsOf scores what was known of a stay as of a moment on the printed chart, scale 1:
// it writes the latest rows down as a nurse would, each with the decimals of the chart,
// and adds up the points above their columns. Where nothing of a row of the chart was
// measured in the last six hours it writes down the last that was, and names the row as
// stale. The error is of an entry that the chart does not have.
func newsOf(chart news2test.Chart, rows []newsRow, admit time.Time, s newsScore) (points int, missing, stale []string, err error) {
	fresh, all := map[string]newsRow{}, map[string]newsRow{}
	for _, r := range rows { // in order of becoming known: a later one wins a tie
		known := r.available.Before(s.AsOf) || s.Due == "record" && r.available.Equal(s.AsOf)
		if !known || r.event.After(s.AsOf) || r.event.Before(admit) {
			continue
		}
		if best, ok := all[r.kind]; !ok || !r.event.Before(best.event) {
			all[r.kind] = r
			if r.event.After(s.AsOf.Add(-6 * time.Hour)) {
				fresh[r.kind] = r
			}
		}
	}
	breathes := newsBreathes(fresh)
	if breathes == "" {
		breathes = newsBreathes(all)
	}
	for _, of := range []struct {
		component, row string
		entry          func(sheet map[string]newsRow) string
	}{
		{"respiratory_rate", news2test.RespirationRate, newsNumber(0, "rr")},
		{"spo2", news2test.SpO2Scale1, newsNumber(0, "spo2")},
		{"oxygen", news2test.AirOrOxygen, newsBreathes},
		{"systolic", news2test.Systolic, newsNumber(0, "sbpA", "sbpC")},
		{"heart_rate", news2test.Pulse, newsNumber(0, "hr")},
		{"consciousness", news2test.Consciousness, newsAwake},
		{"temperature", news2test.Temperature, newsNumber(1, "temp")},
	} {
		entry := of.entry(fresh)
		if entry == "" {
			if entry = of.entry(all); entry == "" {
				missing = append(missing, of.component)
				continue
			}
			stale = append(stale, of.component)
		}
		n, err := chart.Points(of.row, entry, breathes == news2test.Oxygen)
		if err != nil {
			return 0, nil, nil, err
		}
		points += n
	}
	return points, missing, stale, nil
}

// newsNumber writes down the latest number of several kinds; at equal times the first.
func newsNumber(decimals int, kinds ...string) func(map[string]newsRow) string {
	return func(sheet map[string]newsRow) string {
		entry, at := "", time.Time{}
		for _, kind := range kinds {
			if r, ok := sheet[kind]; ok && (entry == "" || r.event.After(at)) {
				entry, at = strconv.FormatFloat(r.value, 'f', decimals, 64), r.event
			}
		}
		return entry
	}
}

// newsBreathes says whether anything on the sheet gives oxygen.
func newsBreathes(sheet map[string]newsRow) string {
	entry := ""
	for kind, air := range map[string]float64{"fio2": 0.21 + 1e-6, "flow": 0, "vent": 0} {
		r, ok := sheet[kind]
		switch {
		case ok && r.value > air:
			return news2test.Oxygen
		case ok:
			entry = news2test.Air
		}
	}
	return entry
}

// newsAwake says who is alert, by the statement that holds as of the latest time: a total, a
// part that excludes it, or three parts of which none does.
func newsAwake(sheet map[string]newsRow) string {
	const notAlert = "C"
	entry, at := "", time.Time{}
	say := func(alert bool, when time.Time, ties bool) {
		if entry == "" || when.After(at) || ties && when.Equal(at) {
			entry, at = notAlert, when
			if alert {
				entry = news2test.Alert
			}
		}
	}
	full, newest, oldest, tube := 0, time.Time{}, time.Time{}, false
	for kind, most := range map[string]float64{"eye": 4, "verbal": 5, "motor": 6} {
		r, ok := sheet[kind]
		if !ok {
			continue
		}
		if r.event.After(newest) {
			newest = r.event
		}
		if oldest.IsZero() || r.event.Before(oldest) {
			oldest = r.event
		}
		tube = tube || r.untestable
		if r.value < most && !r.untestable {
			say(false, r.event, false)
		} else {
			full++
		}
	}
	if full == 3 {
		say(true, oldest, false)
	}
	if total, ok := sheet["gcs"]; ok && !(entry != "" && tube && !total.event.After(newest)) {
		say(total.value == 15, total.event, true)
	}
	return entry
}

// The judge itself, on rows put down by hand. 0 and 20 are the least and the most that
// the College gives for NEWS2.
func TestNEWS2Judge(t *testing.T) {
	chart, err := news2test.Read(news2test.Printed)
	if err != nil {
		t.Fatal(err)
	}
	admit := newsTime("2130-01-01 00:00:00")
	asOf := admit.Add(12 * time.Hour)
	row := func(kind string, value float64, measured, known time.Duration) newsRow { // before asOf
		return newsRow{kind: kind, value: value, event: asOf.Add(-measured), available: asOf.Add(-known)}
	}
	sheet := func(values map[string]float64) (rows []newsRow) {
		for kind, v := range values {
			rows = append(rows, row(kind, v, time.Hour, time.Hour))
		}
		return rows
	}
	well := map[string]float64{"rr": 16, "spo2": 98, "fio2": 0.21, "sbpC": 120, "hr": 70, "gcs": 15, "temp": 37}
	with := func(rows ...newsRow) []newsRow { return append(sheet(well), rows...) }
	without := func(kind string, rows ...newsRow) []newsRow {
		return append(slices.DeleteFunc(sheet(well), func(r newsRow) bool { return r.kind == kind }), rows...)
	}
	tube := row("verbal", 1, time.Minute, time.Minute)
	tube.untestable = true
	for _, c := range []struct {
		name    string
		rows    []newsRow
		due     string
		want    int
		missing []string
		stale   []string
	}{
		{name: "the least", rows: sheet(well)},
		{name: "the most", rows: sheet(map[string]float64{"rr": 25, "spo2": 91, "flow": 2, "sbpC": 90, "hr": 131, "gcs": 14, "temp": 35}), want: 20},
		{name: "the other ends", rows: sheet(map[string]float64{"rr": 8, "spo2": 91, "vent": 1, "sbpC": 220, "hr": 40, "gcs": 3, "temp": 39.1}), want: 19},
		{name: "one point or two in every row of numbers", rows: sheet(map[string]float64{"rr": 11, "spo2": 93, "fio2": 0.4, "sbpC": 101, "hr": 111, "gcs": 15, "temp": 38.1}), want: 9},
		{name: "the later measured counts", rows: with(row("hr", 140, 30*time.Minute, 20*time.Minute)), want: 3},
		{name: "the earlier measured does not, though it came later", rows: with(row("hr", 140, 2*time.Hour, time.Minute))},
		{name: "of two measured at once the one that came later counts", rows: with(row("hr", 140, time.Hour, time.Minute)), want: 3},
		{name: "not yet known", rows: with(row("hr", 140, time.Minute, -time.Minute))},
		{name: "known at the moment, due by another record", rows: with(row("hr", 140, time.Minute, 0)), due: "record", want: 3},
		{name: "known at the moment, due by the hour", rows: with(row("hr", 140, time.Minute, 0)), due: "hour"},
		{name: "measured ahead", rows: with(row("hr", 140, -time.Minute, time.Minute))},
		{name: "within six hours", rows: without("hr", row("hr", 140, 6*time.Hour-time.Second, time.Hour)), want: 3},
		{name: "six hours ago", rows: without("hr", row("hr", 140, 6*time.Hour, time.Hour)), want: 3, stale: []string{"heart_rate"}},
		{name: "the arm's cuff, later than the artery", rows: with(row("sbpA", 85, 3*time.Hour, 3*time.Hour))},
		{name: "the artery, later than the arm's cuff", rows: with(row("sbpA", 85, time.Minute, time.Minute)), want: 3},
		{name: "a fresh cuff for a stale artery", rows: with(row("sbpA", 85, 7*time.Hour, 7*time.Hour))},
		{name: "eyes closed, the rest not known", rows: without("gcs", row("eye", 3, time.Hour, time.Hour)), want: 3},
		{name: "parts later than a total", rows: with(row("eye", 3, time.Minute, time.Minute)), want: 3},
		{name: "38.04 is 38.0", rows: without("temp", row("temp", 38.04, time.Hour, time.Hour))},
		{name: "38.06 is 38.1", rows: without("temp", row("temp", 38.06, time.Hour, time.Hour)), want: 1},
		{name: "a tube, eyes open, obeys", rows: with(row("eye", 4, time.Hour, time.Hour), tube, row("motor", 6, time.Hour, time.Hour))},
		{name: "a tube, eyes closed", rows: with(row("eye", 1, time.Hour, time.Hour), tube, row("motor", 6, time.Hour, time.Hour)), want: 3},
		{name: "parts of the coma scale", rows: without("gcs", sheet(map[string]float64{"eye": 4, "verbal": 4, "motor": 6})...), want: 3},
		{name: "nothing", missing: []string{"respiratory_rate", "spo2", "oxygen", "systolic", "heart_rate", "consciousness", "temperature"}},
	} {
		got, missing, stale, err := newsOf(chart, c.rows, admit, newsScore{AsOf: asOf, Due: c.due})
		if err != nil || got != c.want || !slices.Equal(missing, c.missing) || !slices.Equal(stale, c.stale) {
			t.Errorf("%s: %d, missing %v, stale %v, want %d, missing %v, stale %v (%v)", c.name, got, missing, stale, c.want, c.missing, c.stale, err)
		}
	}
	before := []newsRow{row("hr", 140, time.Hour, time.Hour)} // the stay begins after it
	if got, missing, _, _ := newsOf(chart, before, asOf.Add(-time.Minute), newsScore{AsOf: asOf}); got != 0 || len(missing) != 7 {
		t.Errorf("before the admission: %d, missing %v", got, missing)
	}
	if got, _, _, err := newsOf(chart, []newsRow{row("hr", math.NaN(), time.Hour, time.Hour)}, admit, newsScore{AsOf: asOf}); err == nil {
		t.Errorf("no number: %d, want an error", got)
	}
}
