package monitor_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
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
