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

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// This file recomputes NEWS2 straight from the CSV rows and shares nothing with
// the pipeline: its own reader, item lists, unit conversions and bands.

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
	rows := newsRows(t, tables, dir, wanted)
	checked, wrong := 0, 0
	for _, stay := range chosen {
		for _, s := range scores[stay] {
			value, missing := newsOf(rows[strings.TrimPrefix(s.Patient, tables.domain)], admit[stay], s)
			checked++
			slices.Sort(missing)
			slices.Sort(s.NEWS2.Missing)
			if value != s.NEWS2.Value || !slices.Equal(missing, s.NEWS2.Missing) || s.NEWS2.Partial != (len(missing) > 0) {
				if wrong++; wrong <= 10 {
					t.Errorf("%s stay %s as of %s (%s): pipeline %d missing %v, from CSV %d missing %v",
						s.Patient, stay, s.AsOf.Format(time.RFC3339), s.Due, s.NEWS2.Value, s.NEWS2.Missing, value, missing)
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

// newsOf is the Royal College's table of 2017, scale 1.
func newsOf(rows []newsRow, admit time.Time, s newsScore) (points int, missing []string) {
	latest := func(kind string) (best newsRow, ok bool) {
		for _, r := range rows { // in order of becoming known: a later one wins a tie
			known := r.available.Before(s.AsOf) || s.Due == "record" && r.available.Equal(s.AsOf)
			if r.kind == kind && known && r.event.After(s.AsOf.Add(-6*time.Hour)) && !r.event.After(s.AsOf) && !r.event.Before(admit) &&
				(!ok || !r.event.Before(best.event)) {
				best, ok = r, true
			}
		}
		return best, ok
	}
	band := func(name, kind string, f func(v float64) int) {
		if r, ok := latest(kind); ok {
			points += f(r.value)
		} else {
			missing = append(missing, name)
		}
	}
	band("respiratory_rate", "rr", func(v float64) int {
		switch {
		case v <= 8:
			return 3
		case v <= 11:
			return 1
		case v <= 20:
			return 0
		case v <= 24:
			return 2
		}
		return 3
	})
	band("spo2", "spo2", func(v float64) int {
		switch {
		case v <= 91:
			return 3
		case v <= 93:
			return 2
		case v <= 95:
			return 1
		}
		return 0
	})
	systolic := "sbpA"
	if _, ok := latest("sbpA"); !ok {
		systolic = "sbpC"
	}
	band("systolic", systolic, func(v float64) int {
		switch {
		case v <= 90:
			return 3
		case v <= 100:
			return 2
		case v <= 110:
			return 1
		case v <= 219:
			return 0
		}
		return 3
	})
	band("heart_rate", "hr", func(v float64) int {
		switch {
		case v <= 40:
			return 3
		case v <= 50:
			return 1
		case v <= 90:
			return 0
		case v <= 110:
			return 1
		case v <= 130:
			return 2
		}
		return 3
	})
	band("temperature", "temp", func(v float64) int {
		v = math.Round(v*10) / 10
		switch {
		case v <= 35:
			return 3
		case v <= 36:
			return 1
		case v <= 38:
			return 0
		case v <= 39:
			return 1
		}
		return 2
	})
	fio2, okF := latest("fio2")
	flow, okL := latest("flow")
	vent, okV := latest("vent")
	switch {
	case !okF && !okL && !okV:
		missing = append(missing, "oxygen")
	case okF && fio2.value > 0.21+1e-6 || okL && flow.value > 0 || okV && vent.value > 0:
		points += 2
	}
	total, okT := latest("gcs")
	eye, okE := latest("eye")
	verbal, okB := latest("verbal")
	motor, okM := latest("motor")
	switch {
	case okE && okB && okM && verbal.untestable:
		if !(eye.value == 4 && motor.value == 6) {
			points += 3
		}
	case okT:
		if total.value != 15 {
			points += 3
		}
	case okE && okB && okM:
		if eye.value+verbal.value+motor.value != 15 {
			points += 3
		}
	default:
		missing = append(missing, "consciousness")
	}
	return points, missing
}
