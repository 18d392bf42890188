package worker

import (
	"context"
	"testing"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/memstore"
)

// counting notes how many log records each write took.
type counting struct {
	Store
	took []int64
}

func (c *counting) Apply(ctx context.Context, b *window.Batch) (window.Answer, int64, error) {
	c.took = append(c.took, b.Last-b.Prev)
	return c.Store.Apply(ctx, b)
}

// One write of the store takes as many log records as it may, and never one more.
func TestAWriteTakesNoMoreRecordsThanItMay(t *testing.T) {
	w := newWorld(t, broker(t), "batch-")
	w.write(t, history.Make(5, 250, 3, false))
	store := &counting{Store: memstore.New()}
	w.drain(t, store) // which sets 100
	full := 0
	for _, n := range store.took {
		if n > 100 {
			t.Errorf("a write took %d records, want at most 100", n)
		}
		if n == 100 {
			full++
		}
	}
	if full == 0 {
		t.Errorf("writes took %v records: none was full", store.took)
	}
}
