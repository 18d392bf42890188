package intake

import (
	"context"
	"slices"
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

	short *schemas.ShortReader
	free  chan read // whose memory may be used again
}

// read is what a follower hands over at a time.
type read struct {
	items   []Item
	records []schemas.Record // of those in the short form
	now     schemas.Time     // clock by which they were decoded
	err     error
	free    chan<- read
}

// done gives the memory back, unless a queue holds a part of it.
func (r *read) done() {
	for k := range r.items {
		if !r.items[k].direct() {
			return
		}
	}
	select {
	case r.free <- *r:
	default:
	}
}

func (f *follower) follow(ctx context.Context, out chan<- read) {
	r := f.w.Cluster.NewReader(schemas.RawTopics[f.topic], f.partition, f.from)
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
	got := read{}
	select {
	case got = <-f.free:
	default:
	}
	n := len(messages)
	got.now, got.free = now, f.free
	got.items = slices.Grow(got.items[:0], n)[:n]
	got.records = slices.Grow(got.records[:0], n)[:n]
	for k := range messages {
		m := &messages[k]
		if !decodeShort(f.w.Encoder, f.short, m, f.partitions, now, &got.items[k], &got.records[k]) {
			got.items[k] = Decode(f.w.Encoder, m, f.partitions, now)
		}
	}
	return got
}

func hand(ctx context.Context, out chan<- read, r read) bool {
	select {
	case out <- r:
		return true
	case <-ctx.Done():
		return false
	}
}
