package kafka

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
)

// LastThat returns the newest record of a partition that is wanted; found is false where
// there is none. An owner finds with it what its outputs hold, behind which claims may
// stand.
func (c *Cluster) LastThat(ctx context.Context, topic string, partition int, wanted func(*schemas.Message) bool) (m schemas.Message, found bool, err error) {
	for n := 16; ; n *= 8 {
		tail, err := c.LastRecords(ctx, topic, partition, n)
		if err != nil {
			return m, false, err
		}
		for i := len(tail) - 1; i >= 0; i-- {
			if wanted(&tail[i]) {
				return tail[i], true, nil
			}
		}
		if len(tail) < n {
			return m, false, nil
		}
	}
}

// LastRecords returns the last n records of a partition in order, fewer where there are
// fewer. Offsets may have holes. It returns all of them or an error, since an owner judges
// by them what it has written already.
func (c *Cluster) LastRecords(ctx context.Context, topic string, partition, n int) ([]schemas.Message, error) {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return nil, err
	}
	if partition < 0 || partition >= len(next) {
		return nil, fmt.Errorf("%s has %d partitions, no %d", topic, len(next), partition)
	}
	for reach := int64(n); ; reach *= 4 {
		from := max(first[partition], next[partition]-reach)
		records, err := c.readTo(ctx, topic, partition, from, next[partition])
		if err != nil {
			return nil, err
		}
		if len(records) >= n || from == first[partition] {
			return records[max(0, len(records)-n):], nil
		}
	}
}

// maxEmpty is how many reads in a row may bring nothing before the end.
const maxEmpty = 40

// readTo reads [from, to) of a partition.
func (c *Cluster) readTo(ctx context.Context, topic string, partition int, from, to int64) ([]schemas.Message, error) {
	r := c.NewReader(topic, partition, from)
	var all []schemas.Message
	for empty := 0; r.Next() < to; {
		batch, err := r.Read(ctx, 10_000)
		if err != nil {
			return nil, err
		}
		if empty++; len(batch) > 0 {
			empty = 0
		}
		if empty == maxEmpty {
			return nil, fmt.Errorf("%s/%d: nothing comes between offset %d and the end at %d: an open transaction holds it back; end it, only Vigil writes this topic", topic, partition, r.Next(), to)
		}
		for i := range batch {
			if batch[i].Offset < to {
				all = append(all, batch[i])
			}
		}
	}
	return all, nil
}
