package synth

import (
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// ward is a plain NEWS2 of one invented patient, after the table of the Royal
// College of Physicians (2017), written for these tests alone: of each channel the
// value with the latest event time counts, for six hours.
type ward map[string]reading

type reading struct {
	at    schemas.Time
	value float64
}

// take notes the values of an event.
func (w ward) take(t *testing.T, e *schemas.Event) {
	for name, number := range e.Vitals.Values {
		v, err := number.Float64()
		if err != nil {
			t.Fatal(err)
		}
		if old, ok := w[name]; !ok || e.EventTime >= old.at {
			w[name] = reading{e.EventTime, v}
		}
	}
}

// score is the sum, the highest component, and how many of the seven components
// are missing.
func (w ward) score(now schemas.Time) (total, most, missing int) {
	get := func(name string) (float64, bool) {
		r, ok := w[name]
		return r.value, ok && r.at > now-6*schemas.Hour
	}
	add := func(points int) { total, most = total+points, max(most, points) }
	// bands: points[i] up to and including edges[i], the last points above.
	bands := func(v float64, known bool, edges []float64, points []int) {
		if !known {
			missing++
			return
		}
		for i, edge := range edges {
			if v <= edge {
				add(points[i])
				return
			}
		}
		add(points[len(edges)])
	}
	v, ok := get("respiratory_rate")
	bands(v, ok, []float64{8, 11, 20, 24}, []int{3, 1, 0, 2, 3})
	v, ok = get("spo2")
	bands(v, ok, []float64{91, 93, 95}, []int{3, 2, 1, 0})
	v, ok = get("fio2")
	bands(v, ok, []float64{0.21}, []int{0, 2})
	if v, ok = get("systolic_arterial"); !ok {
		v, ok = get("systolic_cuff")
	}
	bands(v, ok, []float64{90, 100, 110, 219}, []int{3, 2, 1, 0, 3})
	v, ok = get("heart_rate")
	bands(v, ok, []float64{40, 50, 90, 110, 130}, []int{3, 1, 0, 1, 2, 3})
	v, ok = get("temperature")
	bands(v, ok, []float64{35, 36, 38, 39}, []int{3, 1, 0, 1, 2})
	eye, ok1 := get("gcs_eye")
	verbal, ok2 := get("gcs_verbal")
	motor, ok3 := get("gcs_motor")
	bands(-(eye + verbal + motor), ok1 && ok2 && ok3, []float64{-15}, []int{0, 3})
	return total, most, missing
}

// follow scores a patient after each message with vitals.
func follow(t *testing.T, p *source.Patient, see func(now schemas.Time, total, most, missing int)) {
	t.Helper()
	w := ward{}
	for i := range p.Events {
		if e := &p.Events[i]; e.Vitals != nil {
			w.take(t, e)
			total, most, missing := w.score(e.AvailableTime)
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
