package worker

import (
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
)

// A retraction and a correction of what is not there are answered by a dead letter, once, also
// where the store is lost and the state is rebuilt; those that hit are not.
func TestWhatMissesIsADeadLetter(t *testing.T) {
	w := newWorld(t, broker(t), "missed.")
	at := schemas.Time(1_767_225_600_000)
	spo2, _ := schemas.ChannelByName("spo2")
	sodium, _ := schemas.ChannelByName("sodium")
	seq := uint64(0)
	record := func(o schemas.Observation) *schemas.Record {
		seq++
		at += schemas.Minute
		if o.EventTime == 0 {
			o.EventTime = at
		}
		return &schemas.Record{Kind: schemas.KindObservations, Patient: "d:1", At: at, Available: at, Source: "lab", TopicIndex: 1, Seq: seq, HasSeq: true, Hash: seq, Observations: []schemas.Observation{o}}
	}
	first := record(schemas.Observation{Channel: spo2, Value: 70, Ref: "y1"})
	second := record(schemas.Observation{Channel: sodium, Value: 140, Ref: "z1"})
	records := []*schemas.Record{
		first, second,
		record(schemas.Observation{Channel: spo2, Value: 71, Ref: "y1", Flags: schemas.Corrected}),                                                 // hits by its reference
		record(schemas.Observation{Channel: sodium, EventTime: second.Observations[0].EventTime, Value: 141, Ref: "z1", Flags: schemas.Corrected}), // by its time
		record(schemas.Observation{Channel: sodium, Value: 142, Ref: "z1", Flags: schemas.Corrected}),                                              // misses
		record(schemas.Observation{Channel: spo2, Ref: "y2", Flags: schemas.Retracted}),                                                            // misses
		record(schemas.Observation{Channel: spo2, Ref: "y1", Flags: schemas.Retracted}),                                                            // hits
		record(schemas.Observation{Channel: spo2, Value: 90}),
	}
	w.write(t, records)
	letters := func() (list []*schemas.DeadLetter) {
		all, err := w.cluster.LastRecords(t.Context(), schemas.TopicDeadLetters, 0, 1000)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if kind, _ := all[i].Header(schemas.HeaderType); kind != schemas.TypeDeadLetter {
				continue
			}
			d, err := schemas.DecodeDeadLetter(all[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, d)
		}
		return list
	}
	for range 2 { // the second time the store is lost
		w.drain(t, memstore.New())
		got := letters()
		if len(got) != 2 {
			t.Fatalf("%d dead letters, want 2", len(got))
		}
		for i, want := range []string{"corrected sodium", "retracted spo2"} {
			d := got[i]
			if d.Reason != schemas.Unmatched || d.Topic != schemas.TopicLog || d.Offset != int64(4+i) || !d.Partial || d.Source != "lab" || !strings.Contains(d.Found, want) || !strings.Contains(string(d.Payload), `"patient":"d:1"`) {
				t.Errorf("dead letter %d: %+v", i, d)
			}
		}
	}
}
