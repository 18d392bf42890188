package synth

import (
	"cmp"
	"encoding/json"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/news2test"
)

// ward is a plain NEWS2 of one invented patient on the printed chart, written for
// these tests alone: of each channel the value with the latest event time counts, for
// six hours. A monitor's values have the decimals of the chart.
type ward map[string]reading

type reading struct {
	at    schemas.Time
	value json.Number
}

// take notes the values of an event.
func (w ward) take(e *schemas.Event) {
	for name, number := range e.Vitals.Values {
		if old, ok := w[name]; !ok || e.EventTime >= old.at {
			w[name] = reading{e.EventTime, number}
		}
	}
}

// score is the sum, the highest component, and how many of the seven components
// are missing.
func (w ward) score(t *testing.T, chart news2test.Chart, now schemas.Time) (total, most, missing int) {
	get := func(name string) string { // "" where there is none
		if r, ok := w[name]; ok && r.at > now-6*schemas.Hour {
			return r.value.String()
		}
		return ""
	}
	breathes, awake := "", ""
	switch get("fio2") {
	case "":
	case "0.21":
		breathes = news2test.Air
	default:
		breathes = news2test.Oxygen
	}
	eye, verbal, motor := get("gcs_eye"), get("gcs_verbal"), get("gcs_motor")
	switch {
	case eye == "" || verbal == "" || motor == "":
	case eye == "4" && verbal == "5" && motor == "6":
		awake = news2test.Alert
	default:
		awake = "C"
	}
	for row, entry := range map[string]string{
		news2test.RespirationRate: get("respiratory_rate"),
		news2test.SpO2Scale1:      get("spo2"),
		news2test.AirOrOxygen:     breathes,
		news2test.Systolic:        cmp.Or(get("systolic_arterial"), get("systolic_cuff")),
		news2test.Pulse:           get("heart_rate"),
		news2test.Consciousness:   awake,
		news2test.Temperature:     get("temperature"),
	} {
		if entry == "" {
			missing++
			continue
		}
		points, err := chart.Points(row, entry, breathes == news2test.Oxygen)
		if err != nil {
			t.Fatal(err)
		}
		total, most = total+points, max(most, points)
	}
	return total, most, missing
}

// follow scores a patient after each message with vitals.
func follow(t *testing.T, p *source.Patient, see func(now schemas.Time, total, most, missing int)) {
	t.Helper()
	chart, err := news2test.Read(news2test.Printed)
	if err != nil {
		t.Fatal(err)
	}
	w := ward{}
	for i := range p.Events {
		if e := &p.Events[i]; e.Vitals != nil {
			w.take(e)
			total, most, missing := w.score(t, chart, e.AvailableTime)
			see(e.AvailableTime, total, most, missing)
		}
	}
}

func seeds() uint64 {
	if testing.Short() {
		return 1
	}
	return 3
}

// Nobody scores 5, or 3 in one component; nobody gets oxygen; after the first three
// minutes nothing is missing.
func TestHealthyUnitNeverAlerts(t *testing.T) {
	for seed := range seeds() {
		all, _ := invent(t, Config{Seed: seed, Only: "healthy"})
		scores := 0
		for _, p := range all {
			follow(t, p, func(now schemas.Time, total, most, missing int) {
				scores++
				if total >= 5 || most >= 3 {
					t.Errorf("seed %d, %s at %s: NEWS2 %d, %d in one component", seed, p.ID, now, total, most)
				}
				if missing > 0 && now > start+3*schemas.Minute {
					t.Fatalf("seed %d, %s at %s: %d components are missing", seed, p.ID, now, missing)
				}
			})
			for i := range p.Events {
				if v := p.Events[i].Vitals; v != nil && v.Values["fio2"] != "" && v.Values["fio2"] != "0.21" {
					t.Errorf("seed %d, %s breathes %s oxygen", seed, p.ID, v.Values["fio2"])
				}
			}
		}
		if scores < 12*12*60 {
			t.Errorf("only %d scores in twelve hours of twelve beds", scores)
		}
	}
}

// At 60 times real speed 8 min are 8 s: somebody must alert by then, and the unit
// must keep changing for twelve hours.
func TestUnitIsWorthWatching(t *testing.T) {
	for seed := range seeds() {
		all, _ := invent(t, Config{Seed: seed})
		first := schemas.Time(1 << 60)
		severe, never := 0, 0
		var worse, better [4]int // how often somebody rises to 5, falls to 2, by three hours
		for _, p := range all {
			worst, above := 0, false
			follow(t, p, func(now schemas.Time, total, most, _ int) {
				if total >= 5 || most >= 3 {
					first = min(first, now)
				}
				worst = max(worst, total)
				block := int((now - start) / (3 * schemas.Hour))
				switch {
				case total >= 5 && !above:
					worse[block]++
					above = true
				case total <= 2 && above:
					better[block]++
					above = false
				}
			})
			if worst >= 7 {
				severe++
			}
			if worst < 5 {
				never++
			}
		}
		t.Logf("seed %d: first alert after %s, %d patients reach 7, %d never 5; worse %v, better %v", seed, time.Duration(first-start)*time.Millisecond, severe, never, worse, better)
		if first > start+8*schemas.Minute || severe < 6 || never < 2 {
			t.Errorf("seed %d: first alert at %s, %d patients reach 7, %d never 5", seed, first, severe, never)
		}
		for block := range worse {
			if worse[block]+better[block] == 0 {
				t.Errorf("seed %d: nothing happens in hours %d to %d", seed, 3*block, 3*block+3)
			}
		}
	}
}
