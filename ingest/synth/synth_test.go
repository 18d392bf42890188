package synth

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

func invent(t *testing.T, c Config) ([]*replay.Patient, string) {
	t.Helper()
	u, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var all []*replay.Patient
	for p, err := range u.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all, u.Hash()
}

func TestSameSeedSameUnit(t *testing.T) {
	short := Config{Seed: 7, Beds: 4, Duration: 2 * time.Hour}
	_, a := invent(t, short)
	_, b := invent(t, short)
	other := short
	other.Seed = 8
	_, c := invent(t, other)
	if a != b || a == c {
		t.Errorf("seed 7 twice: %s and %s; seed 8: %s", a, b, c)
	}
}

// points is a plain NEWS2 of what the unit measures, written for this test alone.
func points(values map[string]float64) (total, most int) {
	add := func(p int) { total, most = total+p, max(most, p) }
	band := func(name string, edges []float64, p []int) {
		v, ok := values[name]
		if !ok {
			return
		}
		for i, e := range edges {
			if v <= e {
				add(p[i])
				return
			}
		}
		add(p[len(edges)])
	}
	band("respiratory_rate", []float64{8, 11, 20, 24}, []int{3, 1, 0, 2, 3})
	band("spo2", []float64{91, 93, 95}, []int{3, 2, 1, 0})
	band("fio2", []float64{0.21}, []int{0, 2})
	name := "systolic_cuff"
	if _, ok := values["systolic_arterial"]; ok {
		name = "systolic_arterial"
	}
	band(name, []float64{90, 100, 110, 219}, []int{3, 2, 1, 0, 3})
	band("heart_rate", []float64{40, 50, 90, 110, 130}, []int{3, 1, 0, 1, 2, 3})
	band("temperature", []float64{35, 36, 38, 39}, []int{3, 1, 0, 1, 2})
	if eye, ok := values["gcs_eye"]; ok {
		if eye+values["gcs_verbal"]+values["gcs_motor"] == 15 {
			add(0)
		} else {
			add(3)
		}
	}
	return total, most
}

// worst is the highest NEWS2 of a patient until a moment, and the highest points of
// one component, over the values in force.
func worst(t *testing.T, p *replay.Patient, until schemas.Time) (total, single int) {
	t.Helper()
	values := map[string]float64{}
	for i := range p.Events {
		e := &p.Events[i]
		if e.Vitals == nil || e.AvailableTime > until {
			continue
		}
		for name, v := range e.Vitals.Values {
			f, err := v.Float64()
			if err != nil {
				t.Fatal(err)
			}
			values[name] = f
		}
		n, most := points(values)
		total, single = max(total, n), max(single, most)
	}
	return total, single
}

func TestHealthyUnitNeverAlerts(t *testing.T) {
	for seed := range uint64(5) {
		all, _ := invent(t, Config{Seed: seed, Only: "healthy"})
		for _, p := range all {
			if total, single := worst(t, p, 1<<60); total >= 5 || single >= 3 {
				t.Errorf("seed %d, %s: NEWS2 %d, %d in one component", seed, p.ID, total, single)
			}
		}
	}
}

func TestSomebodyIsIllFromTheBeginning(t *testing.T) {
	for seed := range uint64(5) {
		all, _ := invent(t, Config{Seed: seed})
		early, ever := 0, 0
		for _, p := range all {
			if total, single := worst(t, p, start+8*schemas.Minute); total >= 5 || single >= 3 {
				early++
			}
			if total, _ := worst(t, p, 1<<60); total >= 7 {
				ever++
			}
		}
		if early == 0 || ever < 6 {
			t.Errorf("seed %d: %d patients alert within 8 min, %d reach 7 in 12 h", seed, early, ever)
		}
	}
}

// Everything that the unit promises to show is there: all kinds of events, and each
// is one that intake takes.
func TestUnitShowsEverything(t *testing.T) {
	all, _ := invent(t, Config{Seed: 1})
	kinds := map[string]int{}
	late, messages := 0, 0
	for _, p := range all {
		for i := range p.Events {
			e := p.Events[i]
			kinds[e.Topic]++
			if e.ADT != nil {
				kinds[e.ADT.Type]++
			}
			if e.Vitals != nil && e.AvailableTime-e.EventTime > 15*schemas.Second && e.AvailableTime-e.EventTime < 2*schemas.Minute {
				late++
			}
			if i%97 > 0 && e.Vitals != nil {
				continue // encoding them all takes long and shows nothing more
			}
			messages++
			e.Patient, e.Source, e.Seq, e.HasSeq = p.ID, "synth@test", 1, true
			m, err := schemas.EncodeEvent(&e)
			if err != nil {
				t.Fatal(err)
			}
			got, problem := schemas.DecodeEvent(&m)
			if problem != nil {
				t.Fatalf("%s of %s: %v", e.Topic, p.ID, problem)
			}
			if got.Vitals != nil {
				if _, problems := got.Vitals.Resolve(0, nil); len(problems) > 0 {
					t.Fatalf("%s: %v", p.ID, problems[0])
				}
			}
			if got.Provenance()&schemas.Invented == 0 {
				t.Fatalf("an event of %s is not marked invented", p.ID)
			}
		}
	}
	for _, want := range []string{schemas.TopicVitals, schemas.TopicECG, schemas.TopicNotes, schemas.TopicImaging, schemas.TopicADT, "admit", "transfer"} {
		if kinds[want] == 0 {
			t.Errorf("no %s in %v", want, kinds)
		}
	}
	if late == 0 || messages == 0 {
		t.Errorf("%d late messages", late)
	}
}

func TestBadPathwayFiles(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"no phases":       {"name: x\n", "phases"},
		"no length":       {"phases: [{name: a}]\n", "lasts"},
		"bad length":      {"phases: [{name: a, lasts: soon}]\n", "90m"},
		"unknown channel": {"phases: [{name: a, lasts: 1h, targets: {hart_rate: 3}}]\n", "hart_rate"},
		"implausible":     {"phases: [{name: a, lasts: 1h, targets: {heart_rate: 3000}}]\n", "implausible"},
		"unknown rhythm":  {"phases: [{name: a, lasts: 1h, rhythm: samba}]\n", "samba"},
		"unknown field":   {"phases: [{name: a, lasts: 1h, target: {}}]\n", "target"},
		"not a number":    {"phases: [{name: a, lasts: 1h, targets: {heart_rate: fast}}]\n", "fast"},
		"not a lab":       {"phases: [{name: a, lasts: 1h, labs: [heart_rate]}]\n", "heart_rate"},
		"no YAML":         {"phases: [\n", "yaml"},
	} {
		_, err := New(Config{Files: fstest.MapFS{"p.yaml": {Data: []byte(c.text)}}})
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "p.yaml") {
			t.Errorf("%s: %v, want an error that names the file and %q", name, err, c.want)
		}
	}
	if _, err := New(Config{Only: "measles"}); err == nil || !strings.Contains(err.Error(), "measles") {
		t.Errorf("unknown pathway: %v", err)
	}
}
