package window_test

import (
	"testing"

	"github.com/vigil-icu/vigil/window"
)

// Packing an hour takes no memory of its own once it has packed one: a worker that drains a backlog
// closes thousands of hours a second. And it keeps the bytes of an observation, which are Redis memory.
func TestPackHourUsesItsMemoryAgain(t *testing.T) {
	chunk := full48(20).Chunks(nil)[1].Bytes
	dst := window.PackHour(nil, chunk)
	// Mostly none. A collection empties the pool, and the race detector loses a part of what is put into it, of
	// 103 allocations that an hour takes without one.
	if n := testing.AllocsPerRun(200, func() { dst = window.PackHour(dst[:0], chunk) }); n > 60 {
		t.Errorf("%v allocations an hour, want none, and with the race detector at most 60", n)
	}
	if each := float64(len(dst)) / float64(len(chunk)/window.RecordSize); each > 3 {
		t.Errorf("%.2f bytes an observation of a full hour of 20 channels, want at most 3", each)
	}
}
