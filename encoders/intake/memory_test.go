package intake

import (
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
