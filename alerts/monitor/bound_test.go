package monitor

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// A patient who is flooded on every channel in every hour, by more senders than are remembered,
// takes no more memory than is stated, and not next to nothing of it either.
func TestAFloodedPatientStaysWithinTheStatedMemory(t *testing.T) {
	var limits schemas.Limits
	for _, text := range []string{"hour-values=100", "senders=32"} {
		if err := limits.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	m := &Monitor{Policy: alerts.DefaultPolicy(), Settings: Settings{ScoreInterval: schemas.Hour, Limits: limits}}
	stated := 0
	for _, h := range m.Holds() {
		if h.Of == schemas.OfPatient {
			stated += h.Bytes
		}
	}
	const patients, hours = 4, 50
	s := NewPartition()
	before := heap()
	offset := int64(0)
	for hour := range hours {
		for n := range 110 { // beyond the limit of an hour
			at := schemas.Time(midnight) + schemas.Time(hour)*schemas.Hour + schemas.Time(n)*30*schemas.Second
			for p := range patients {
				offset++
				r := &schemas.Record{Kind: schemas.KindObservations, Patient: fmt.Sprint("d:", p), At: at, Available: at, TopicIndex: 1,
					Source: fmt.Sprintf("a gateway that puts its session into its name, %d", n%40), Hash: uint64(offset)}
				for c := schemas.Channel(1); int(c) < schemas.NumChannels(); c++ {
					info := c.Info()
					r.Observations = append(r.Observations, schemas.Observation{Channel: c, EventTime: at, Value: float32(info.Low + (info.High-info.Low)/2)})
				}
				if _, err := m.Step(s, r, offset, nil); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.Writes(nil)
	}
	taken := heap() - before
	if c := s.Counts(); c.Overfull == 0 || c.Forgotten == 0 {
		t.Fatalf("no limit was reached: %+v", c)
	}
	t.Logf("%d patients take %d bytes each, stated are %d", patients, taken/patients, stated)
	if taken > patients*stated || taken < patients*stated/50 {
		t.Errorf("%d patients take %d bytes each, stated are %d", patients, taken/patients, stated)
	}
	runtime.KeepAlive(s)
}

// heap is what is in use after a collection.
func heap() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
