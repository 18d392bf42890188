package kafka

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
)

// LastRecords returns the last n records of a partition, fewer where there are
// fewer. Offsets may have holes. It returns all of them or an error: what an owner
// has already written is judged by them.
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
