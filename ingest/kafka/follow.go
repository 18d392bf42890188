package kafka

import (
	"context"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// Each calls see for every record of a topic as it stands now, partition by partition in
// order. An error of see ends it.
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

// eachIn calls see for the records of a partition from one offset up to another.
func (c *Cluster) eachIn(ctx context.Context, topic string, partition int, from, to int64, see func(*schemas.Message) error) error {
	if from >= to {
		return nil
	}
	r := c.NewReader(topic, partition, from)
	for at := from; at < to; {
		batch, err := r.Read(ctx, 2000)
		if err != nil {
			return err
		}
		for i := range batch {
			if batch[i].Offset >= to {
				return nil
			}
			if err := see(&batch[i]); err != nil {
				return err
			}
			at = batch[i].Offset + 1
		}
		if len(batch) == 0 && r.Next() >= to {
			return nil // only holes were left
		}
	}
	return nil
}

// Follow calls see for the records of a topic as they come, from the beginning or from
// now on, until ctx ends or see fails. Partitions are read side by side; see is called for
// one record at a time.
func (c *Cluster) Follow(ctx context.Context, topic string, fromBeginning bool, see func(*schemas.Message) error) error {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return err
	}
	if !fromBeginning {
		first = next
	}
	var (
		done sync.WaitGroup
		mu   sync.Mutex
		fail error
	)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for partition := range first {
		done.Go(func() {
			r := c.NewReader(topic, partition, first[partition])
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
