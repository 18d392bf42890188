package monitor_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// A log of two records, without Kafka and without a store.
func ExampleMonitor_Step() {
	m := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	at, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	rate, _ := schemas.ChannelByName("respiratory_rate")
	log := []*schemas.Record{
		{Kind: schemas.KindAdmit, Patient: "ward:7", At: at, Hash: 1, Move: &schemas.Move{Stay: "S1"}},
		{Kind: schemas.KindObservations, Patient: "ward:7", At: at + 1000, Hash: 2, TopicIndex: 1,
			Observations: []schemas.Observation{{Channel: rate, EventTime: at + 1000, Value: 28}}},
	}
	partition := monitor.NewPartition()
	for offset, rec := range log {
		outputs, err := m.Step(partition, rec, int64(offset), nil)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, o := range outputs {
			fmt.Println(o.Position.Offset, o.Position.Index, o.Topic)
		}
	}
	// Output:
	// 1 0 icu.scores.v1
	// 1 1 icu.alerts.v1
	// 1 2 icu.alerts.state.v1
}

// A partition goes through a store between two records: of its patients the states are
// kept, of their windows the chunks, and LoadPartition needs only the chunks' lengths.
func ExampleMonitor_LoadPartition() {
	m := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	at, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	admit := &schemas.Record{Kind: schemas.KindAdmit, Patient: "ward:7", At: at, Hash: 1, Move: &schemas.Move{Stay: "S1"}}
	partition := monitor.NewPartition()
	if _, err := m.Step(partition, admit, 0, nil); err != nil {
		fmt.Println(err)
		return
	}

	stored := &window.StoredPartition{}
	for _, w := range partition.Writes(nil) {
		stored.Patients = append(stored.Patients, window.StoredPatient{Patient: w.Patient, State: w.State})
	}
	loaded, err := m.LoadPartition(stored)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(loaded.Open(), "open stay, to be rebuilt from offset", loaded.RebuildFrom(1))

	again, err := m.Step(loaded, admit, 1, nil)
	fmt.Println(len(again), "outputs of a repeat,", loaded.Counts().Duplicates, "duplicate,", err)
	// Output:
	// 1 open stay, to be rebuilt from offset 0
	// 0 outputs of a repeat, 1 duplicate, <nil>
}

// A setting that cannot be meant is refused with what is wanted.
func ExampleSettings_Validate() {
	fmt.Println(monitor.Settings{Inputs: "some"}.Validate())
	// Output:
	// inputs "some": want all or alerting
}
