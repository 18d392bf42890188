package intake

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// A partition that is quiet is not told the time every second, but once an hour, and every
// second again once it is not.
func TestAQuietLogIsToldTheTimeOnceAnHour(t *testing.T) {
	_, c := bench(t, 1)
	var now, asked atomic.Int64
	var quiet atomic.Bool
	now.Store(int64(still()))
	w := worker(c, func() schemas.Time { return schemas.Time(now.Load()) })
	w.Quiet = func(partition int, offset int64) bool {
		asked.Store(offset)
		return quiet.Load()
	}
	stop := owned(t, w, 1)
	defer stop()
	ticks := func() int { return len(readResult(t, c).Ticks) }
	put(t, c.NewProducer("test"), 0, beat("d:1", 1, 60, "", 0))
	until(t, "ticks come", func() bool { return ticks() >= 1 })

	quiet.Store(true)
	time.Sleep(1200 * time.Millisecond) // a tick may have been on its way
	was := ticks()
	time.Sleep(2200 * time.Millisecond)
	if n := ticks(); n != was {
		t.Errorf("%d ticks of a quiet partition", n-was)
	}
	_, next, err := c.Ends(t.Context(), schemas.TopicLog)
	if err != nil || asked.Load() != next[0]-1 {
		t.Errorf("it asks whether offset %d is applied, the log ends before %d, %v", asked.Load(), next[0], err)
	}
	now.Add(int64(schemas.Hour))
	until(t, "a tick comes after an hour", func() bool { return ticks() == was+1 })

	quiet.Store(false)
	until(t, "ticks come again", func() bool { return ticks() >= was+2 })
}
