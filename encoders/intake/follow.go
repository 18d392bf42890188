package intake

import (
	"context"
	"sort"

	"github.com/vigil-icu/vigil/schemas"
)

// follower reads one raw topic of a partition and decodes it.
type follower struct {
	w          *Worker
	topic      int
	partition  int
	partitions int
	from       int64
	judged     int64        // direct messages below this offset were judged before a crash,
	clock      schemas.Time // by this clock: they are again
}

// read is what a follower hands over at a time.
type read struct {
	items []Item
	now   schemas.Time // clock by which they were decoded
	err   error
}

func (f *follower) follow(ctx context.Context, out chan<- read) {
	r := f.w.Cluster.NewReader(schemas.RawTopics[f.topic], f.partition, f.from)
	defer r.Close()
	for {
		messages, err := r.Read(ctx, readLimit)
		again := sort.Search(len(messages), func(k int) bool { return messages[k].Offset >= f.judged })
		if again > 0 && !hand(ctx, out, f.decode(messages[:again], f.clock)) {
			return
		}
		if again < len(messages) && !hand(ctx, out, f.decode(messages[again:], f.w.Clock())) {
			return
		}
		if err != nil {
			hand(ctx, out, read{err: err})
			return
		}
	}
}

func (f *follower) decode(messages []schemas.Message, now schemas.Time) read {
	items := make([]Item, len(messages))
	for k := range messages {
		items[k] = f.w.Encoder.Decode(&messages[k], f.partitions, now)
	}
	return read{items: items, now: now}
}

func hand(ctx context.Context, out chan<- read, r read) bool {
	select {
	case out <- r:
		return true
	case <-ctx.Done():
		return false
	}
}
