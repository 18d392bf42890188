package monitor

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// testMonitor has no model: what time, stays and policy do is the same, at a
// twentieth of the cost.
func testMonitor() *Monitor { return &Monitor{Policy: alerts.DefaultPolicy()} }

// modelMonitor has a model, untrained.
func modelMonitor() *Monitor { return &Monitor{Model: testModel(), Policy: alerts.DefaultPolicy()} }

var testModel = sync.OnceValue(func() *fusion.Model {
	file, err := fusion.UntrainedFile(1)
	if err != nil {
		panic(err)
	}
	m, err := fusion.Read(file)
	if err != nil {
		panic(err)
	}
	return m
})

// steps runs a log through Step; offsets are 10, 11, …
func steps(t testing.TB, m *Monitor, s *Partition, log []*schemas.Record, from int) (out []Output) {
	t.Helper()
	for i := from; i < len(log); i++ {
		var err error
		if out, err = m.Step(s, log[i], int64(10+i), out); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Ticks added or removed, none later than the next record's at, change no output.
func TestTicksChangeNothing(t *testing.T) {
	alerts, scores := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		recorded := rapid.Bool().Draw(rt, "recorded")
		log := history.Make(seed, 150, 3, recorded)
		r := rand.New(rand.NewPCG(seed, 2))
		calm := steps(t, testMonitor(), NewPartition(), log, 0)
		ticked := steps(t, testMonitor(), NewPartition(), history.WithTicks(r, log, rapid.Float64Range(0, 0.8).Draw(rt, "share")), 0)
		if a, b := byPatient(calm), byPatient(ticked); !maps.Equal(a, b) {
			rt.Fatalf("ticks changed outputs (- without, + with):\n%s", cmp.Diff(a, b))
		}
		for i := range calm {
			switch calm[i].Topic {
			case schemas.TopicAlerts:
				alerts++
			case schemas.TopicScores:
				scores++
			}
		}
	})
	if alerts < 100 || scores < 1000 {
		t.Errorf("the histories gave %d alerts and %d scores: they test nothing", alerts, scores)
	}
}

// A state that went to the store and came back at any record goes on as one that
// did not.
func TestRestartAtEveryRecord(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		every := rapid.IntRange(1, 20).Draw(rt, "every")
		log := history.WithTicks(rand.New(rand.NewPCG(seed, 2)), history.Make(seed, 60, 3, rapid.Bool().Draw(rt, "recorded")), 0.2)
		m := testMonitor()
		want := steps(t, m, NewPartition(), log, 0)

		var got []Output
		l := newLean(t, m)
		for i := range log {
			got = l.step(t, log[i:i+1], int64(10+i), got)
			if i%every != 0 {
				continue
			}
			l.write(t, int64(10+i))
			for _, p := range l.restart(t).Patients {
				if again := l.s.patients[p.Patient].append(nil, &l.s.use); !bytes.Equal(again, p.State) {
					rt.Fatalf("%s: a state that was decoded encodes to other bytes", p.Patient)
				}
			}
		}
		if a, b := texts(want), texts(got); !slices.Equal(a, b) {
			rt.Fatalf("restarts changed outputs (- without, + with):\n%s", history.FirstDifference(a, b))
		}
	})
}

func texts(outputs []Output) (list []string) {
	for i := range outputs {
		o := &outputs[i]
		list = append(list, fmt.Sprintf("%d.%d ", o.Position.Offset, o.Position.Index)+o.Topic+" "+o.ID+" "+o.Key+" "+string(o.Value))
	}
	return list
}

// With a model too: risks and phenotypes are there, of the window as it was, and an
// untrained model's raise no alert.
func TestModelAfterRestart(t *testing.T) {
	m := modelMonitor()
	log := history.Make(5, 400, 3, true)
	want := steps(t, m, NewPartition(), log, 0)
	l := newLean(t, m)
	got := steps(t, m, l.s, log[:200], 0)
	l.write(t, 200)
	l.restart(t)
	for i := range log[200:] {
		got = l.step(t, log[200+i:200+i+1], int64(210+i), got)
	}
	if a, b := texts(want), texts(got); !slices.Equal(a, b) {
		t.Fatalf("(- calm, + restarted):\n%s", history.FirstDifference(a, b))
	}
	values := map[float32]bool{}
	for i := range want {
		switch want[i].Topic {
		case schemas.TopicScores:
			sc, err := schemas.DecodeScore(want[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			if len(sc.Risks) != 2 || len(sc.Phenotypes) != len(schemas.Phenotypes) || sc.Trained || sc.Model != m.Model.Hash() || sc.Kernel == "" {
				t.Fatalf("score %s", want[i].Value)
			}
			values[sc.Risks["mortality"].Value] = true
		case schemas.TopicAlerts:
			if a, err := schemas.DecodeAlert(want[i].Value); err != nil || a.Kind == alerts.KindRisk {
				t.Fatalf("alert %s, %v", want[i].Value, err)
			}
		}
	}
	if len(values) < 50 {
		t.Errorf("only %d different risks: the model does not see the window", len(values))
	}
}

// A log asks for a model and a policy: a monitor without them refuses at the use
// record, and after a restart at the first record behind it, until the log asks for
// what it has.
func TestUnknownUse(t *testing.T) {
	m := testMonitor()
	use := func(policy string) *schemas.Record {
		return &schemas.Record{Kind: schemas.KindUse, Use: &schemas.Use{Policy: policy}}
	}
	log := ward12(2)
	s := NewPartition()
	steps(t, m, s, append([]*schemas.Record{use(m.Policy.Hash())}, log[:12]...), 0)
	if _, err := m.Step(s, use("another"), 50, nil); !errors.Is(err, ErrUnknownUse) {
		t.Fatalf("use of another policy: %v", err)
	}
	if _, err := m.Step(s, log[12], 51, nil); err != nil {
		t.Fatalf("a use that was refused is in force: %v", err)
	}

	changed, err := alerts.ParsePolicy(append(alerts.DefaultPolicyYAML(), "# changed\n"...))
	if err != nil {
		t.Fatal(err)
	}
	other := &Monitor{Policy: changed}
	stored := &window.StoredPartition{}
	for _, w := range s.Writes(nil) {
		stored.Patients = append(stored.Patients, window.StoredPatient{Patient: w.Patient, State: w.State})
	}
	if s, err = other.LoadPartition(stored); err != nil {
		t.Fatal(err)
	}
	if out, err := other.Step(s, log[13], 52, nil); !errors.Is(err, ErrUnknownUse) || len(out) > 0 {
		t.Fatalf("a record behind the use of another policy: %d outputs, %v", len(out), err)
	}
	if _, err := other.Step(s, use(changed.Hash()), 53, nil); err != nil {
		t.Fatal(err)
	}
	if out, err := other.Step(s, log[13], 54, nil); err != nil || len(out) == 0 {
		t.Fatalf("after the use of its own policy: %d outputs, %v", len(out), err)
	}
}

// Where records were lost, the scores say so, and data open a stay though their
// source announces movements: the announcement may be among what was lost.
func TestGap(t *testing.T) {
	m, s := testMonitor(), NewPartition()
	flags := func(rec schemas.Record, offset int64) (list []string) {
		rec.Provenance |= schemas.SourceHasADT
		out, err := m.Step(s, &rec, offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		if len(out) == 0 {
			return nil
		}
		sc, err := schemas.DecodeScore(out[0].Value)
		if err != nil {
			t.Fatal(err)
		}
		return append([]string{sc.Stay[:2]}, sc.Flags...)
	}
	log := ward12(9)
	at := func(minute, patient int) schemas.Record { return *log[minute*12+patient] }
	admit := schemas.Record{Kind: schemas.KindAdmit, Patient: "ward:00", Source: "adt", At: midnight, Hash: 1, Move: &schemas.Move{Stay: "S1"}}
	flags(admit, 0)
	if got := flags(at(0, 0), 1); !slices.Equal(got, []string{"S1"}) {
		t.Fatalf("before the gap: %v", got)
	}
	s.SetGap(1)
	if got := flags(at(2, 0), 2); !slices.Equal(got, []string{"S1", "gap"}) {
		t.Fatalf("a known stay: %v", got)
	}
	if got := flags(at(2, 1), 3); !slices.Equal(got, []string{"im", "gap", "implicit_stay"}) {
		t.Fatalf("a patient first seen behind the gap: %v", got)
	}
	flags(schemas.Record{Kind: schemas.KindEnd, Patient: "ward:01", Source: "adt", At: midnight + 3*schemas.Minute, Hash: 2, Move: &schemas.Move{}}, 4)
	if got := flags(at(5, 1), 5); got != nil {
		t.Fatalf("after the end of its stay: %v", got)
	}
	admit.Patient, admit.At, admit.Hash = "ward:01", midnight+6*schemas.Minute, 3
	flags(admit, 6)
	if got := flags(at(7, 1), 7); !slices.Equal(got, []string{"S1"}) {
		t.Fatalf("admitted anew: %v", got)
	}
}

// What follows a place in the log can be computed from RebuildFrom on.
func TestRebuildFrom(t *testing.T) {
	partly := 0
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		log := history.Make(seed, 1000, 3, false)
		cut := rapid.IntRange(0, len(log)-1).Draw(rt, "cut")
		m := testMonitor()
		s := NewPartition()
		steps(t, m, s, log[:cut], 0)
		from := int(s.RebuildFrom(int64(10+cut))) - 10
		want := steps(t, m, s, log, cut)
		again := NewPartition()
		steps(t, m, again, log[:cut], from)
		got := steps(t, m, again, log, cut)
		if a, b := texts(want), texts(got); !slices.Equal(a, b) {
			rt.Fatalf("rebuilt from %d, outputs after %d differ (- calm, + rebuilt):\n%s", from, cut, history.FirstDifference(a, b))
		}
		if from > 0 && from < cut {
			partly++
		}
	})
	least := 10
	if testing.Short() {
		least = 1 // of 20 histories
	}
	if partly < least {
		t.Errorf("only %d rebuilds began in mid-log", partly)
	}
}

// A gap that the log tells of is one for a restart and for a rebuild too: who is marked
// does not depend on where the state came from.
func TestGapInTheLog(t *testing.T) {
	marked := gapInTheLog(t, t, 0x1c1ff7e, true, 45, 98) // a repeat of a stay that is three back names the one that follows
	rapid.Check(t, func(rt *rapid.T) {
		seed := rapid.Uint64().Draw(rt, "seed")
		recorded := rapid.Bool().Draw(rt, "recorded")
		at := rapid.IntRange(0, 200).Draw(rt, "gap")
		marked += gapInTheLog(t, rt, seed, recorded, at, at+rapid.IntRange(0, 200).Draw(rt, "cut"))
	})
	if marked < 100 {
		t.Errorf("%d scores are marked: the test shows nothing", marked)
	}
}

// gapInTheLog lets a log lose 40 records at a place, and restarts and rebuilds at a later
// one. It tells found of a difference, and answers how many scores are marked.
func gapInTheLog(t *testing.T, found interface{ Fatalf(string, ...any) }, seed uint64, recorded bool, at, cut int) (marked int) {
	log := history.Make(seed, 400, 5, recorded)
	lost := &schemas.Record{Kind: schemas.KindGap, At: log[at].At}
	log = slices.Concat(log[:at], []*schemas.Record{lost}, unlike(log[at+40:], log[:at])) // which is what it says
	cut = min(cut, len(log)-1)
	m := testMonitor()
	s := NewPartition()
	steps(t, m, s, log[:cut], 0)
	from := int(s.RebuildFrom(int64(10+cut))) - 10
	want := texts(steps(t, m, s, log, cut))
	for _, line := range want {
		if strings.Contains(line, `"gap"`) {
			marked++
		}
	}
	again := NewPartition()
	steps(t, m, again, log[:cut], from)
	if got := texts(steps(t, m, again, log, cut)); !slices.Equal(want, got) {
		found.Fatalf("rebuilt from %d, outputs after %d differ (- calm, + rebuilt):\n%s", from, cut, history.FirstDifference(want, got))
	}
	l := newLean(t, m)
	steps(t, m, l.s, log[:cut], 0)
	l.write(t, int64(10+cut))
	if len(l.restart(t).Patients) == 0 {
		return marked // nothing was written: the store stands before the gap
	}
	var loaded []Output
	for i := cut; i < len(log); i++ {
		loaded = l.step(t, log[i:i+1], int64(10+i), loaded)
	}
	if got := texts(loaded); !slices.Equal(want, got) {
		found.Fatalf("loaded at %d, outputs differ (- calm, + loaded):\n%s", cut, history.FirstDifference(want, got))
	}
	return marked
}

// unlike leaves out repeats of earlier records: what was lost may end a stay more than
// the history knows of, and a rebuild knows repeats of the present stay and the one
// before only.
func unlike(log, earlier []*schemas.Record) (left []*schemas.Record) {
	type identity struct {
		patient string
		hash    uint64
	}
	seen := map[identity]bool{}
	for _, r := range earlier {
		seen[identity{r.Patient, r.Hash}] = r.Kind != schemas.KindTick
	}
	for _, r := range log {
		if !seen[identity{r.Patient, r.Hash}] {
			left = append(left, r)
		}
	}
	return left
}

// The bodies are what encoding/json makes of the types in schemas.
func TestBodiesAreJSON(t *testing.T) {
	for _, inputs := range []Inputs{InputsAll, InputsAlerting} {
		m := modelMonitor()
		m.Settings.Inputs = inputs
		for _, o := range steps(t, m, NewPartition(), history.Make(7, 1000, 4, false), 0) {
			var body any = &schemas.Score{}
			switch o.Type {
			case schemas.TypeAlert:
				body = &schemas.Alert{}
			case schemas.TypeDeadLetter:
				body = &schemas.DeadLetter{}
			case schemas.TypeHanded:
				continue
			}
			d := json.NewDecoder(bytes.NewReader(o.Value))
			d.DisallowUnknownFields()
			if err := d.Decode(body); err != nil {
				t.Fatalf("%s: %v", o.Value, err)
			}
			want, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(want, o.Value) {
				t.Fatalf("body\n%s\nencoding/json\n%s", o.Value, want)
			}
		}
	}
}

func FuzzDecodePatient(f *testing.F) {
	m := testMonitor()
	s := NewPartition()
	steps(f, m, s, history.Make(3, 400, 4, false), 0)
	for _, w := range s.Writes(nil) {
		f.Add(w.State)
	}
	for _, p := range s.patients {
		f.Add(p.appendPassedOn(nil))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p := newPatient("a:1", 0)
		_ = p.decodePassedOn(b) // gives an error and no panic
		p.forgetItems(b)
		if u, err := p.decode(b); err == nil && !bytes.Equal(p.append(nil, &u), b) {
			t.Fatalf("%x decodes and encodes to %x", b, p.append(nil, &u))
		}
	})
}

// byPatient joins the bodies of scores and alerts per patient, in order: what a
// digest sees of them.
func byPatient(outputs []Output) map[string]string {
	parts := map[string]*strings.Builder{}
	for i := range outputs {
		o := &outputs[i]
		if o.Topic == schemas.TopicAlertStates || o.Topic == schemas.TopicDeadLetters { // a dead letter names its offset
			continue
		}
		key := o.Key
		if o.Topic == schemas.TopicADT { // of the patient who hands it on
			rec, err := schemas.DecodeRecord(o.Value)
			if err != nil {
				panic(err)
			}
			key, _, _ = strings.Cut(rec.Source, "/")
		}
		if parts[key] == nil {
			parts[key] = &strings.Builder{}
		}
		fmt.Fprintf(parts[key], "%s %s\n", o.Topic, o.Value)
	}
	out := map[string]string{}
	for key, b := range parts {
		out[key] = b.String()
	}
	return out
}

// A sender that puts a session into its name does not make the state grow, and what it sends
// counts.
func TestSendersAreBounded(t *testing.T) {
	m, s := testMonitor(), NewPartition()
	largest := 0
	const kept = 64
	for i := range 10 * kept {
		rec := *ward12(i + 1)[12*i]
		rec.Source, rec.HasSeq, rec.Hash = fmt.Sprintf("gateway/session-%08d", i), false, uint64(i+1)
		if _, err := m.Step(s, &rec, int64(i), nil); err != nil {
			t.Fatal(err)
		}
		largest = max(largest, len(s.Writes(nil)[0].State))
	}
	if n := len(s.patients["ward:00"].origins); n != kept || largest > 16<<10 {
		t.Errorf("%d senders are remembered, in at most %d bytes", n, largest)
	}
	if c := s.Counts(); c.Forgotten != 9*kept || c.Records != 10*kept {
		t.Errorf("counts %+v", c)
	}
}
