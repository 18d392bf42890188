package kafka

import (
	"context"
	"fmt"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// Each calls see for every record that a topic holds now, partition by partition and in order.
// An error of see ends it and is returned, as is one of reading (PartitionReader.Read).
func (c *Cluster) Each(ctx context.Context, topic string, see func(*schemas.Message) error) error {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return err
	}
	for partition := range next {
		if err := c.eachIn(ctx, topic, partition, first[partition], next[partition], see); err != nil {
			return err
		}
	}
	return nil
}

// maxEmpty is how many reads in a row may bring nothing before the end; each takes up to
// MaxWait.
const maxEmpty = 40

// eachIn calls see for the records of a partition from one offset up to another. Where nothing
// comes for long although there must be something, it says why.
func (c *Cluster) eachIn(ctx context.Context, topic string, partition int, from, to int64, see func(*schemas.Message) error) error {
	r := c.NewReader(topic, partition, from)
	for empty := 0; r.Next() < to; {
		batch, err := r.Read(ctx, 10_000)
		if err != nil {
			return err
		}
		if empty++; len(batch) > 0 {
			empty = 0
		}
		if empty == maxEmpty {
			return fmt.Errorf("%s/%d: nothing comes between offset %d and the end at %d: an open transaction holds it back; end it, only Vigil writes this topic", topic, partition, r.Next(), to)
		}
		for i := range batch {
			if batch[i].Offset >= to {
				return nil
			}
			if err := see(&batch[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// EachFrom calls see for the records of a partition from an offset up to the end that it has now, and returns
// that end: who comes again goes on there. A record that retention took meanwhile is skipped.
func (c *Cluster) EachFrom(ctx context.Context, topic string, partition int, from int64, see func(*schemas.Message) error) (next int64, err error) {
	first, ends, err := c.Ends(ctx, topic)
	if err != nil {
		return from, err
	}
	if partition < 0 || partition >= len(ends) {
		return from, fmt.Errorf("%s has %d partitions, no %d", topic, len(ends), partition)
	}
	return ends[partition], c.eachIn(ctx, topic, partition, max(from, first[partition]), ends[partition], see)
}

// FollowLast is Follow from the last records on: the last most offsets of each partition.
func (c *Cluster) FollowLast(ctx context.Context, topic string, most int64, see func(*schemas.Message) error) error {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return err
	}
	for i := range first {
		first[i] = max(first[i], next[i]-most)
	}
	return c.follow(ctx, topic, first, see)
}

// Follow calls see for the records of a topic as they come, from the beginning or from now on,
// until ctx ends, which is no error, or until see or a read fails. Partitions are read side
// by side, so that only the records of one partition come in order; see is called for one
// record at a time.
func (c *Cluster) Follow(ctx context.Context, topic string, fromBeginning bool, see func(*schemas.Message) error) error {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return err
	}
	if !fromBeginning {
		first = next
	}
	return c.follow(ctx, topic, first, see)
}

// follow calls see for the records from the offset of each partition on.
func (c *Cluster) follow(ctx context.Context, topic string, from []int64, see func(*schemas.Message) error) error {
	var (
		done sync.WaitGroup
		mu   sync.Mutex
		fail error
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for partition := range from {
		done.Go(func() {
			r := c.NewReader(topic, partition, from[partition])
			for ctx.Err() == nil {
				batch, err := r.Read(ctx, 1000)
				mu.Lock()
				for i := 0; i < len(batch) && err == nil; i++ {
					err = see(&batch[i])
				}
				if err != nil && ctx.Err() == nil {
					fail = err
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	done.Wait()
	return fail
}
