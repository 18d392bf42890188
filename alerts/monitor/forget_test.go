package monitor

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// Patients who were last heard of two days ago cost neither the worker nor the store anything,
// and what comes of one of them again is scored as after a rebuild that never knew of it.
func TestPatientsWhoAreGoneAreForgotten(t *testing.T) {
	m, l := testMonitor(), newLean(t, testMonitor())
	vitals := func(i int, at schemas.Time) *schemas.Record {
		hr, _ := schemas.ChannelByName("heart_rate")
		return &schemas.Record{Kind: schemas.KindObservations, Patient: fmt.Sprintf("ward:%04d", i), Source: "bed", At: at, Seq: uint64(at), HasSeq: true, Hash: uint64(at),
			Observations: []schemas.Observation{{Channel: hr, EventTime: at, Value: 80}}}
	}
	var log []*schemas.Record
	for i := range 1000 {
		log = append(log, vitals(i, midnight+schemas.Time(i)*schemas.Second))
	}
	for hour := range schemas.Time(30) { // silence ends their stays after 24 h
		log = append(log, &schemas.Record{Kind: schemas.KindTick, At: midnight + (hour+1)*schemas.Hour})
	}
	for i := range log {
		l.step(t, log[i:i+1], int64(i), nil)
	}
	l.write(t, int64(len(log)-1))
	if n := len(l.restart(t).Patients); n != 1000 {
		t.Fatalf("%d patients are stored after 30 h", n)
	}
	for hour := schemas.Time(31); hour < 80; hour++ {
		tick := &schemas.Record{Kind: schemas.KindTick, At: midnight + hour*schemas.Hour}
		l.step(t, []*schemas.Record{tick}, int64(len(log)), nil)
		log = append(log, tick)
		l.write(t, int64(len(log)-1))
	}
	if n, gone := len(l.s.patients), l.s.Counts().Gone; n != 1 || gone != 999 {
		t.Errorf("%d patients are in memory, %d were forgotten", n, gone)
	}
	if n := len(l.restart(t).Patients); n != 1 {
		t.Errorf("%d patients are stored", n)
	}

	// The same of one who was forgotten, and of one who was only found to be gone as it came.
	again := vitals(7, midnight+80*schemas.Hour)
	want := texts(l.step(t, []*schemas.Record{again}, int64(len(log)), nil))
	calm := NewPartition()
	steps(t, m, calm, log, 0)
	got, err := m.Step(calm, again, int64(len(log)), nil)
	if err != nil || len(want) == 0 || !slices.Equal(texts(got), want) {
		t.Errorf("%v\n%v\n%v", texts(got), want, err)
	}
}
