package monitor

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// illness is a made-up stay: hours of sound values, and then one channel that alone is ill.
func illness(t *testing.T, ill string, value float32) (log []*schemas.Record) {
	t.Helper()
	sound := []struct {
		name  string
		value float32
	}{
		{"heart_rate", 80}, {"respiratory_rate", 16}, {"spo2", 97}, {"temperature", 37}, {"systolic_arterial", 125}, {"gcs_total", 15},
		{"creatinine", 0.9}, {"potassium", 4.1}, {"sodium", 140}, {"lactate", 1}, {"bilirubin", 0.6}, {"urine_output", 80},
	}
	record := func(at schemas.Time) *schemas.Record {
		n := uint64(len(log) + 1)
		r := &schemas.Record{Kind: schemas.KindObservations, Patient: "ward:1", Source: "s", TopicIndex: 1, Seq: n, HasSeq: true, Hash: n, At: at, Available: at}
		log = append(log, r)
		return r
	}
	add := func(r *schemas.Record, name string, value float32) {
		channel, ok := schemas.ChannelByName(name)
		if !ok {
			t.Fatalf("no channel %s", name)
		}
		r.Observations = append(r.Observations, schemas.Observation{Channel: channel, Value: value, EventTime: r.At})
	}
	for hour := range schemas.Time(6) {
		r := record(midnight + hour*schemas.Hour)
		for _, v := range sound {
			add(r, v.name, v.value)
		}
	}
	add(record(midnight+6*schemas.Hour), ill, value)
	return append(log, &schemas.Record{Kind: schemas.KindTick, At: midnight + 7*schemas.Hour})
}

// An alert that the model starts names the channel that alone is ill, as new, and how far the risk
// has risen since the score before; the same bytes come from a partition that the store gives back
// between any two records. Where nothing starts, nothing is told.
func TestAlertsOfTheModelNameTheirKnownDriver(t *testing.T) {
	risk := func(m *Monitor, log []*schemas.Record) (highest float32) {
		for _, o := range steps(t, m, NewPartition(), log, 0) {
			if o.Type == schemas.TypeScore {
				s, err := schemas.DecodeScore(o.Value)
				if err != nil {
					t.Fatal(err)
				}
				if r, ok := s.Risks["mortality"]; ok {
					highest = max(highest, r.Value)
				}
			}
		}
		return highest
	}
	m := &Monitor{Model: fusion.Shipped(), Policy: alerts.DefaultPolicy()}
	for _, c := range []struct {
		ill   string
		value float32
	}{{"gcs_total", 3}} {
		log := illness(t, c.ill, c.value)
		low := risk(m, log[:len(log)-2])
		high := risk(m, log)
		if high < 1.3*low {
			t.Fatalf("%s: the risk goes from %g to %g: too little to start an alert by", c.ill, low, high)
		}
		at := json.Number(strings.TrimSpace(string(appendFloat((low + high) / 2))))
		for _, dwell := range []string{"0s", "5m"} {
			text := strings.Replace(string(alerts.DefaultPolicyYAML()), "      - {severity: medium, at: 0.41, clear: 0.33}\n      - {severity: high, at: 0.59, clear: 0.47}\n    dwell: 5m",
				"      - {severity: medium, at: "+string(at)+", clear: 0.001}\n    dwell: "+dwell, 1)
			policy, err := alerts.ParsePolicy([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			asked := &Monitor{Model: m.Model, Policy: policy}
			whole := steps(t, asked, NewPartition(), log, 0)
			told := 0
			for _, o := range whole {
				switch o.Type {
				case schemas.TypeAlert:
					a, err := schemas.DecodeAlert(o.Value)
					if err != nil {
						t.Fatal(err)
					}
					if a.Task != "mortality" || a.Phase != schemas.PhaseStart {
						if len(a.Drivers) > 0 || a.Change != nil {
							t.Errorf("%s tells drivers: %s", a.Phase, o.Value)
						}
						continue
					}
					told++
					first := firstChannel(a.Drivers)
					if len(a.Drivers) > mostDrivers || first == nil || first.Name != c.ill || first.Effect <= 0 || !first.New {
						t.Errorf("%s after %s: the first channel of %d is %+v", c.ill, dwell, len(a.Drivers), first)
					}
					for _, d := range a.Drivers {
						if d.Name == "sodium" && d.New {
							t.Errorf("%s: sodium came long ago: %+v", c.ill, d)
						}
					}
					if a.Change == nil || *a.Change < (high-low)/2 {
						t.Errorf("%s after %s: the change is told as %v", c.ill, dwell, a.Change)
					}
				case schemas.TypeScore:
					s, err := schemas.DecodeScore(o.Value)
					if err != nil {
						t.Fatal(err)
					}
					at := slices.ContainsFunc(whole, func(o Output) bool {
						return dwell == "0s" && o.Type == schemas.TypeAlert && bytes.Contains(o.Value, []byte(`"phase":"start","kind":"risk"`)) && bytes.Contains(o.Value, []byte(s.ID))
					})
					if (len(s.Drivers) > 0) != at {
						t.Errorf("%s after %s: a score with %d drivers, an alert that starts with it: %v", c.ill, dwell, len(s.Drivers), at)
					}
				}
			}
			if told == 0 {
				t.Errorf("%s after %s: no alert starts", c.ill, dwell)
			}
			if cut := stepsThroughTheStore(t, asked, log); !sameOutputs(whole, cut) {
				t.Errorf("%s after %s: with the store between records the outputs are others", c.ill, dwell)
			}
		}
	}
}

func appendFloat(v float32) []byte {
	b, _ := json.Marshal(v)
	return b
}

// firstChannel is the channel that raises the risk most.
func firstChannel(list []schemas.Driver) *schemas.Driver {
	for i := range list {
		if list[i].Kind == "channel" && list[i].Effect > 0 {
			return &list[i]
		}
	}
	return nil
}

func sameOutputs(a, b []Output) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i].Value, b[i].Value) {
			return false
		}
	}
	return true
}

// stepsThroughTheStore steps a log with a partition that is written and loaded in front of each of
// the last records.
func stepsThroughTheStore(t *testing.T, m *Monitor, log []*schemas.Record) (out []Output) {
	t.Helper()
	s := NewPartition()
	for i, rec := range log {
		var err error
		if out, err = m.Step(s, rec, int64(i), out); err != nil {
			t.Fatal(err)
		}
		if i < len(log)-4 {
			continue
		}
		p := s.patients["ward:1"]
		state := p.append(nil, &s.use)
		loaded := newPatient("ward:1", 0)
		if _, err := loaded.decode(state); err != nil {
			t.Fatal(err)
		}
		p.since = loaded.since
	}
	return out
}
