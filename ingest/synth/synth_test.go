package synth

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

var _ source.Source = (*Unit)(nil)

func invent(t *testing.T, c Config) ([]*source.Patient, string) {
	t.Helper()
	u, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	var all []*source.Patient
	for p, err := range u.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all, u.Hash()
}

// The planned messages are the same to the byte.
func TestSameSeedSameUnit(t *testing.T) {
	c := Config{Seed: 7, Beds: 4, Duration: 40 * time.Minute}
	bytes := func(c Config) string {
		u, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := replay.NewPlan(t.Context(), u, replay.Options{})
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for i := range plan.Len() {
			m, err := schemas.EncodeEvent(plan.Event(i))
			if err != nil {
				t.Fatal(err)
			}
			b.Write(m.Key)
			b.Write(m.Value)
			for _, h := range m.Headers {
				b.WriteString(h.Key + h.Value)
			}
		}
		return b.String()
	}
	a, b := bytes(c), bytes(c)
	if a != b || len(a) < 100_000 {
		t.Errorf("seed 7 twice gives %d and %d bytes, the same: %v", len(a), len(b), a == b)
	}
	c.Seed = 8
	if bytes(c) == a {
		t.Error("seed 8 gives the unit of seed 7")
	}
}

// A bed's patient does not depend on how many beds there are.
func TestBedsAreIndependent(t *testing.T) {
	few, _ := invent(t, Config{Seed: 3, Beds: 2, Duration: time.Hour})
	many, _ := invent(t, Config{Seed: 3, Beds: 5, Duration: time.Hour})
	var a, b source.Hasher
	for i := range few {
		a.Add(few[i])
		b.Add(many[i])
	}
	if a.Sum("") != b.Sum("") {
		t.Error("beds 1 and 2 differ between a unit of 2 and one of 5")
	}
}

// Everything that the unit promises to show is there, and intake takes each of it.
func TestUnitShowsEverything(t *testing.T) {
	all, _ := invent(t, Config{Seed: 1})
	kinds := map[string]int{}
	total := 0
	for _, p := range all {
		total += len(p.Events)
		var last *schemas.Event
		for i := range p.Events {
			e := p.Events[i]
			kinds[e.Topic]++
			switch {
			case e.ADT != nil:
				kinds[e.ADT.Type]++
			case e.Note != nil && strings.ContainsAny(e.Note.Text, "{}"):
				t.Errorf("%s: an unfilled note: %s", p.ID, e.Note.Text)
			case e.Strip != nil:
				lo, hi := slices.Min(e.Strip.Samples[0]), slices.Max(e.Strip.Samples[0])
				if lo == hi {
					kinds["leads off"]++
				}
			case e.Vitals != nil && e.Vitals.Values["heart_rate"] != "":
				if e.AvailableTime-e.EventTime > 15*schemas.Second {
					kinds["late"]++
				}
				if len(e.Vitals.Values) < 3 {
					kinds["drop-out"]++
				}
				if last != nil && last.EventTime == e.EventTime {
					kinds["doubled"]++
				}
				last = &p.Events[i]
			}
			if i%97 == 0 || e.Vitals == nil && e.Strip == nil {
				passesIntake(t, p, e)
			}
		}
	}
	t.Logf("%d messages: %v", total, kinds)
	for _, want := range []string{schemas.TopicVitals, schemas.TopicECG, schemas.TopicNotes, schemas.TopicImaging, schemas.TopicADT,
		"admit", "transfer", "discharge", "leads off", "late", "drop-out", "doubled"} {
		if kinds[want] == 0 {
			t.Errorf("no %s in %v", want, kinds)
		}
	}
	if total > 400_000 {
		t.Errorf("%d messages: a replay holds them all in memory", total)
	}
}

func passesIntake(t *testing.T, p *source.Patient, e schemas.Event) {
	t.Helper()
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
	if got.Provenance()&schemas.Invented == 0 || !got.HasADT() {
		t.Fatalf("an event of %s on %s is not marked invented, or not as of a source with movements", p.ID, e.Topic)
	}
}

// A stay that ends says so; one that does not is open, also where the story ends
// in the two minutes before the patient would be home.
func TestDischarge(t *testing.T) {
	short := files("name: x\nphases:\n- {name: a, lasts: 10m}\n")
	for _, c := range []struct {
		duration time.Duration
		ended    bool
	}{{5 * time.Minute, false}, {2 * time.Hour, true}} {
		all, _ := invent(t, Config{Seed: 1, Beds: 3, Duration: c.duration, Files: short})
		for _, p := range all {
			checkEnd(t, p, c.ended)
		}
	}
	ended := 0
	for minutes := 5; minutes < 20; minutes++ {
		all, _ := invent(t, Config{Seed: 1, Beds: 1, Duration: time.Duration(minutes) * time.Minute, Files: short})
		checkEnd(t, all[0], all[0].Stays[0].End != 0)
		if all[0].Stays[0].End != 0 {
			ended++
		}
	}
	if ended == 0 || ended == 15 {
		t.Errorf("%d of 15 stories end with a discharge", ended)
	}
}

func checkEnd(t *testing.T, p *source.Patient, want bool) {
	t.Helper()
	i := slices.IndexFunc(p.Events, func(e schemas.Event) bool { return e.ADT != nil && e.ADT.Type == "discharge" })
	if (i >= 0) != want || (p.Stays[0].End != 0) != want {
		t.Errorf("%s: discharge %v, end %v, want %v", p.ID, i >= 0, p.Stays[0].End, want)
		return
	}
	if want && p.Events[i].AvailableTime != p.Stays[0].End {
		t.Errorf("%s: discharged at %s, the stay ends at %s", p.ID, p.Events[i].AvailableTime, p.Stays[0].End)
	}
}

func TestPatientsStopsWithItsContext(t *testing.T) {
	u, err := New(Config{Seed: 1, Duration: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen, ended := 0, error(nil)
	for _, err := range u.Patients(ctx) {
		if err != nil {
			ended = err
			continue
		}
		if seen++; seen == 2 {
			cancel()
		}
	}
	if seen != 2 || !errors.Is(ended, context.Canceled) {
		t.Errorf("%d patients, then %v", seen, ended)
	}
}

func TestBadConfig(t *testing.T) {
	for name, c := range map[string]struct {
		config Config
		want   string
	}{
		"beds":     {Config{Beds: -1}, "beds"},
		"too long": {Config{Duration: math.MaxInt64}, "720h"},
		"pathway":  {Config{Only: "measles"}, "sepsis"},
		"no files": {Config{Files: files()}, "*.yaml"},
	} {
		if _, err := New(c.config); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, c.want)
		}
	}
}
