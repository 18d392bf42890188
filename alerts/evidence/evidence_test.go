package evidence

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
)

const sitePolicy = `version: 1
rules:
  - task: news2
    kind: score
    levels: [{severity: low, at: 2}, {severity: high, at: 6, clear: 4}]
    update: 1
`

// logOf is the log of a ward as messages: it begins by asking for one monitor, and for another in its middle.
func logOf(seed uint64, of ...*monitor.Monitor) (log []schemas.Message) {
	add := func(rec *schemas.Record) {
		log = append(log, schemas.Message{Offset: int64(len(log)), Value: rec.AppendBinary(nil), Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}}})
	}
	records := history.Make(seed, 3000, 5, false)
	for i, rec := range records {
		if i%(len(records)/len(of)) == 0 && i/(len(records)/len(of)) < len(of) {
			u := of[i/(len(records)/len(of))].Use()
			add(&schemas.Record{Kind: schemas.KindUse, Use: &u, At: rec.At})
		}
		add(rec)
		if i%100 == 0 { // what is no record for Step
			log = append(log, schemas.Message{Offset: int64(len(log)), Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeClaim}}})
		}
	}
	return log
}

// anew are the outputs of a recreation, as lines.
func anew(t *testing.T, log []schemas.Message, patients []string, shelf monitor.Shelf, only string) (lines []string) {
	t.Helper()
	r := New(0, patients, shelf)
	for i := range log {
		outputs, err := r.Take(t.Context(), &log[i])
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outputs {
			if o.Key == only && (o.Topic == schemas.TopicScores || o.Topic == schemas.TopicAlerts) {
				lines = append(lines, o.Topic+" "+o.ID+" "+string(o.Value))
			}
		}
	}
	return lines
}

// What is made anew for one patient alone is what the monitor puts out of a whole ward, byte for byte; and where the
// log asks for another policy in its middle, what is made for one is what is made for all.
func TestOnePatientAloneGivesTheSameBytes(t *testing.T) {
	site, err := alerts.ParsePolicy([]byte(sitePolicy))
	if err != nil {
		t.Fatal(err)
	}
	shipped, other := &monitor.Monitor{Policy: alerts.DefaultPolicy()}, &monitor.Monitor{Policy: site}
	shelf := monitor.Shelf{Policies: []*alerts.Policy{alerts.DefaultPolicy(), site}}
	all := []string{"ward:0", "ward:1", "ward:2", "ward:3", "ward:4"}

	log := logOf(3, other)
	s, want := monitor.NewPartition(), map[string][]string{}
	for i := range log {
		if kind, _ := log[i].Header(schemas.HeaderType); kind != schemas.TypeLog {
			continue
		}
		var rec schemas.Record
		if err := rec.Decode(log[i].Value); err != nil {
			t.Fatal(err)
		}
		outputs, err := other.Step(s, &rec, log[i].Offset, nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range outputs {
			if o.Topic == schemas.TopicScores || o.Topic == schemas.TopicAlerts {
				want[o.Key] = append(want[o.Key], o.Topic+" "+o.ID+" "+string(o.Value))
			}
		}
	}
	for _, patient := range all {
		if found := anew(t, log, []string{patient}, shelf, patient); len(found) < 100 || !slices.Equal(found, want[patient]) {
			t.Errorf("%s: %d outputs made anew, %d by the monitor", patient, len(found), len(want[patient]))
		}
	}

	log = logOf(4, shipped, other, shipped)
	hashes := map[string]bool{}
	for _, patient := range all {
		alone := anew(t, log, []string{patient}, shelf, patient)
		if together := anew(t, log, all, shelf, patient); len(alone) < 100 || !slices.Equal(alone, together) {
			t.Errorf("%s with switches: %d outputs alone, %d together", patient, len(alone), len(together))
		}
		for _, line := range alone {
			for _, p := range shelf.Policies {
				if strings.Contains(line, p.Hash()) {
					hashes[p.Hash()] = true
				}
			}
		}
	}
	if len(hashes) != 2 {
		t.Error("the switches changed nothing")
	}
	r := New(0, all, monitor.Shelf{Policies: shelf.Policies[:1]})
	for i := range log {
		if _, err = r.Take(t.Context(), &log[i]); err != nil {
			break
		}
	}
	if !errors.Is(err, ErrNotKnown) || !strings.Contains(fmt.Sprint(err), "--known") {
		t.Errorf("a policy that is not here: %v", err)
	}
}

// Any byte that is another is found, and its field named.
func TestCompare(t *testing.T) {
	told := [][]byte{[]byte(`{"id":"a","value":0.25}`), []byte(`{"id":"a","value":0.5}`)}
	if d := Compare(told, slices.Clone(told)); d != nil {
		t.Errorf("the same: %s", d)
	}
	for i := range told {
		for at := range told[i] {
			made := [][]byte{slices.Clone(told[0]), slices.Clone(told[1])}
			made[i][at] ^= 1
			if d := Compare(told, made); d == nil || d.Revision != i || len(d.Fields) == 0 {
				t.Errorf("revision %d byte %d: %v", i, at, d)
			}
		}
	}
	for _, of := range []struct {
		told, made []string
		want       string
	}{
		{[]string{`{"v":1,"w":2}`}, []string{`{"v":2,"w":2,"x":3}`}, "revision 0 differs in v, x"},
		{[]string{`{"v":1,"w":2}`}, []string{`{"w":2,"v":1}`}, "the order or the writing"},
		{[]string{`{}`, `{}`}, []string{`{}`}, "revision 1: it was told and the log does not give it"},
		{nil, []string{`{}`}, "revision 0: the log gives it and it was not told"},
	} {
		var told, made [][]byte
		for _, s := range of.told {
			told = append(told, []byte(s))
		}
		for _, s := range of.made {
			made = append(made, []byte(s))
		}
		if d := Compare(told, made); d == nil || !strings.Contains(d.String(), of.want) {
			t.Errorf("%v and %v: %v, want %q", of.told, of.made, d, of.want)
		}
	}
}
