package boot

import (
	"context"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/alerts/watch"
	"github.com/vigil-icu/vigil/schemas"
)

// Watch says in the log, until ctx ends, which partitions take messages and do not score them: those
// of all processes.
func (h *House) Watch(ctx context.Context) {
	ticks := time.NewTicker(watch.Every)
	defer ticks.Stop()
	h.watch.Run(ctx, ticks.C)
}

// owners is how many workers of this process own a partition.
func (h *House) owners(partition int) *atomic.Int32 {
	return h.here.Row(partition, func() *atomic.Int32 { return &atomic.Int32{} })
}

// Look implements watch.Eyes.
func (h *House) Look(ctx context.Context) (watch.Sight, error) {
	var (
		sight     watch.Sight
		owned     []bool
		committed []int64
		ends      = make([][]int64, len(schemas.RawTopics)+1)
	)
	looks, asking := errgroup.WithContext(ctx)
	looks.Go(func() (err error) {
		owned, err = h.Cluster.Owned(asking, Group)
		return err
	})
	looks.Go(func() (err error) {
		committed, err = h.Cluster.Committed(asking, Group, schemas.TopicLog)
		return err
	})
	for i := range ends {
		looks.Go(func() (err error) {
			_, ends[i], err = h.Cluster.Ends(asking, watched(i))
			return err
		})
	}
	store := make(chan error, 1)
	go func() { store <- h.redis.Ping(ctx) }()
	err := looks.Wait()
	sight.Store = <-store
	if err != nil {
		return sight, err
	}
	for p := range h.Partitions {
		sight.Partitions = append(sight.Partitions, h.partition(p, owned, committed, ends))
	}
	return sight, nil
}

// watched is the name of a topic: those of schemas.RawTopics, and behind them the log.
func watched(i int) string {
	if i < len(schemas.RawTopics) {
		return schemas.RawTopics[i]
	}
	return schemas.TopicLog
}

// partition is what is to be seen of one. Of those of other processes the group tells how far the
// log is applied, and nothing tells how far the raw topics are read: their own processes see that.
func (h *House) partition(p int, owned []bool, committed []int64, ends [][]int64) watch.Partition {
	is := watch.Partition{Here: h.owners(p).Load() > 0, Owned: p < len(owned) && owned[p]}
	intake, monitor := h.intake.Stats(p), h.monitor.Stats(p)
	for i := range ends {
		if p >= len(ends[i]) {
			continue
		}
		t := watch.Topic{Name: watched(i), End: ends[i][p], Held: h.Cluster.HeldBack(watched(i), p)}
		switch {
		case i < len(schemas.RawTopics) && is.Here:
			t.Next = intake.Next[i].Load()
		case i < len(schemas.RawTopics):
			continue
		case is.Here:
			t.Next = monitor.Applied.Load() + 1
		case p < len(committed):
			t.Next = max(committed[p], 0)
		}
		is.Topics = append(is.Topics, t)
	}
	if is.Here {
		is.Marks, is.Late = intake.Held.Load() > 0, int(monitor.LateStays.Load())
		// Where nobody has an open stay the log is told the time but once an hour.
		if at := intake.LiveTime.Load(); at > 0 && monitor.OpenStays.Load() > 0 {
			is.Off = time.Duration(at-int64(h.intake.Clock())) * time.Millisecond
		}
	}
	return is
}
