package monitor

import (
	"runtime"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// What one record costs where time cannot be held: allocations of the step and of what the store is
// given, and the bytes of its observations once their hour is closed. A worker's processor time goes
// with the first, Redis memory is the second. The limits are a little above what is measured today:
// who comes below them lowers them.
func TestWhatARecordCosts(t *testing.T) {
	const (
		warm, counted      = 360, 240 // minutes
		mostAllocations    = 6.0
		mostBytesAllocated = 2700.0
		mostStateBytes     = 2500.0
		mostHourBytes      = 2.0
	)
	m, s := testMonitor(), NewPartition()
	log := ward12(warm + counted)
	packed := 0 // bytes of closed hours, by columns
	closed := 0 // their observations
	states := 0 // bytes of states, each written once a record
	var out []Output
	var writes []window.PatientWrite
	step := func(records []*schemas.Record, from int, count bool) {
		for minute := 0; minute < len(records); minute += 12 {
			out = out[:0]
			for i, rec := range records[minute : minute+12] {
				var err error
				if out, err = m.Step(s, rec, int64(from+minute+i), out); err != nil {
					t.Fatal(err)
				}
			}
			writes = s.Writes(writes[:0])
			for i := range writes { // a patient has one record a minute
				states += len(writes[i].State)
				for _, c := range writes[i].Chunks {
					if c.Closed && count {
						closed += len(c.Bytes) / window.RecordSize
						packed += len(window.PackHour(nil, c.Bytes))
					}
				}
				clear(writes[i].Chunks)
			}
		}
	}
	step(log[:12*warm], 0, true)
	states = 0
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	step(log[12*warm:], 12*warm, false)
	runtime.ReadMemStats(&after)
	records := float64(12 * counted)
	if closed == 0 {
		t.Fatal("no hour was closed, so that its bytes cannot be told")
	}
	for _, c := range []struct {
		what      string
		got, most float64
	}{
		{"allocations a record", float64(after.Mallocs-before.Mallocs) / records, mostAllocations},
		{"bytes allocated a record", float64(after.TotalAlloc-before.TotalAlloc) / records, mostBytesAllocated},
		{"bytes of state a record", float64(states) / records, mostStateBytes},
		{"bytes an observation of a closed hour", float64(packed) / float64(closed), mostHourBytes},
	} {
		t.Logf("%s: %.2f, limit %.2f", c.what, c.got, c.most)
		if c.got > c.most {
			t.Errorf("%s: %.2f, limit %.2f", c.what, c.got, c.most)
		}
	}
}
