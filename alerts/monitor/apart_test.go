package monitor

import (
	"bytes"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Nothing recorded moves a live patient and nothing live a recorded one: their outputs are those
// of a log in which the others do not stand.
func TestRecordedAndLivePatientsAreApart(t *testing.T) {
	const start = schemas.Time(1_767_225_600_000)
	vitals := func(patient string, seq uint64, at schemas.Time, heart float32, recorded bool) *schemas.Record {
		r := &schemas.Record{Kind: schemas.KindObservations, Patient: patient, At: at, Available: at, Source: "s", TopicIndex: 1, Seq: seq, HasSeq: true, Hash: seq,
			Observations: []schemas.Observation{{Channel: channel(t, "heart_rate"), EventTime: at, Value: heart}}}
		if recorded {
			r.Provenance, r.Play = schemas.Recorded, int64(seq)
		}
		return r
	}
	century := start + 125*365*24*schemas.Hour
	answer := func(patient string) *schemas.Record {
		return &schemas.Record{Kind: schemas.KindCommand, Patient: patient, At: start, TopicIndex: 5, Hash: 99, Source: "n", Command: &schemas.Command{Verb: "acknowledge", Alert: "none", Actor: "n"}}
	}
	alone := []*schemas.Record{
		vitals("ward:1", 1, start, 80, false),
		vitals("run:1", 1, century, 90, true),
		vitals("ward:1", 2, start+2*schemas.Minute, 140, false),
		vitals("run:1", 2, century+2*schemas.Minute, 95, true),
		{Kind: schemas.KindTick, At: start + 3*schemas.Hour},
		vitals("ward:1", 3, start+3*schemas.Hour, 82, false),
	}
	mixed := []*schemas.Record{
		answer("run:1"), // before anything is known of the patient
		alone[0],
		vitals("ward:1", 7, century, 200, true),
		alone[1],
		vitals("run:1", 7, start+schemas.Minute, 201, false),
		alone[2], alone[3],
		answer("run:1"), // a live answer to a patient of a run does not move the run's time
		alone[4], alone[5],
	}
	outputs := func(log []*schemas.Record) (bodies [][]byte, counts Counts) {
		m, s := &Monitor{Policy: alerts.DefaultPolicy()}, NewPartition()
		for i, rec := range log {
			out, err := m.Step(s, rec, int64(i), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, o := range out {
				bodies = append(bodies, o.Value)
			}
		}
		return bodies, s.Counts()
	}
	_, calm := outputs(alone)
	// The answers are numbered records of their patient.
	withAnswers := append([]*schemas.Record{mixed[0]}, alone...)
	withAnswers = append(withAnswers[:5:5], append([]*schemas.Record{mixed[7]}, withAnswers[5:]...)...)
	want, _ := outputs(withAnswers)
	got, counts := outputs(mixed)
	if !bytes.Equal(bytes.Join(want, nil), bytes.Join(got, nil)) {
		t.Errorf("outputs alone:\n%s\nmixed:\n%s", bytes.Join(want, []byte("\n")), bytes.Join(got, []byte("\n")))
	}
	if counts.Crossed != 2 || calm.Crossed != 0 || counts.Scores != calm.Scores || len(got) < 8 {
		t.Errorf("%d crossed, want 2; %d scores, alone %d; %d outputs", counts.Crossed, counts.Scores, calm.Scores, len(got))
	}
}

func channel(t *testing.T, name string) schemas.Channel {
	t.Helper()
	c, ok := schemas.ChannelByName(name)
	if !ok {
		t.Fatal(name)
	}
	return c
}
