package intake

import (
	"bytes"
	"runtime"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// What large messages took is not kept: neither by a delivery whose memory is used again nor
// by an outlet.
func TestMemoryIsGivenBack(t *testing.T) {
	free := make(chan delivery, 1)
	d := delivery{free: free, records: make([]schemas.Record, 2), items: []Item{
		{message: schemas.Message{Value: make([]byte, 1<<20)}, Record: &schemas.Record{}},
		{message: schemas.Message{Value: make([]byte, 1<<20)}, problem: &schemas.Problem{}},
	}}
	d.release()
	back := <-free
	for _, i := range back.items[:cap(back.items)] {
		if i.message.Value != nil || i.Record != nil {
			t.Errorf("%d bytes of a message are kept", len(i.message.Value))
		}
	}
	for _, size := range []int{batchBytes, 8 << 20} {
		out := outlet{arena: make([]byte, size), batch: []schemas.Message{{Value: make([]byte, 1<<20)}}}
		out.empty()
		if kept := cap(out.arena) == size; kept != (size == batchBytes) || out.batch[:1][0].Value != nil {
			t.Errorf("of %d bytes %d are kept", size, cap(out.arena))
		}
	}
}

// What a run without marks makes wait, whatever its messages are, takes no more memory than is
// stated of it.
func TestAHeldRunStaysWithinTheStatedMemory(t *testing.T) {
	var limits schemas.Limits
	if err := limits.Set("run-bytes=32MiB"); err != nil {
		t.Fatal(err)
	}
	stated := 0
	for _, h := range Holds(&limits, true) {
		if strings.HasPrefix(h.What, "recorded messages") {
			stated = h.Bytes / len(schemas.RawTopics)
		}
	}
	w := worker(nil, still)
	w.Encoder.Limits = &limits
	for name, message := range map[string]func() *Item{
		"small": func() *Item {
			return &Item{Record: &schemas.Record{Patient: "d:1", Source: "s", Observations: make([]schemas.Observation, 1)}, message: schemas.Message{Key: []byte("d:1"), Value: []byte(`{}`)}}
		},
		"large": func() *Item {
			return &Item{Record: &schemas.Record{Patient: "d:1", Source: "s"}, message: schemas.Message{Key: []byte("d:1"), Value: bytes.Repeat([]byte("x"), 900<<10)}}
		},
		"many values": func() *Item {
			return &Item{Record: &schemas.Record{Patient: "d:1", Source: "s", Observations: make([]schemas.Observation, 5000)}, message: schemas.Message{Key: []byte("d:1"), Value: bytes.Repeat([]byte("x"), 60<<10)}}
		},
	} {
		q := &queue{most: w.mostLoad()}
		before := inUse()
		taken := 0
		for q.put(message()) {
			taken++
		}
		if held := inUse() - before; held > stated || taken == 0 {
			t.Errorf("%s: %d messages take %d bytes, stated are %d", name, taken, held, stated)
		} else {
			t.Logf("%s: %d messages take %d bytes, stated are %d", name, taken, held, stated)
		}
		runtime.KeepAlive(q)
	}
}

// inUse is what is in use of the heap after a collection.
func inUse() int {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int(stats.HeapAlloc)
}
