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
		var records []schemas.Message
		err := c.eachIn(ctx, topic, partition, from, next[partition], func(m *schemas.Message) error {
			records = append(records, *m)
			return nil
		})
		if err != nil {
			return nil, err
		}
		if len(records) >= n || from == first[partition] {
			return records[max(0, len(records)-n):], nil
		}
	}
}

// LastBefore returns the newest record of a partition in front of an offset that is wanted,
// among those of the last `most` offsets; found is false where there is none.
func (c *Cluster) LastBefore(ctx context.Context, topic string, partition int, below, most int64, wanted func(*schemas.Message) bool) (m schemas.Message, found bool, err error) {
	first, next, err := c.Ends(ctx, topic)
	if err != nil {
		return m, false, err
	}
	if partition < 0 || partition >= len(next) {
		return m, false, fmt.Errorf("%s has %d partitions, no %d", topic, len(next), partition)
	}
	below = min(below, next[partition])
	least := max(first[partition], below-most)
	for n := int64(32); ; n *= 8 {
		from := max(least, below-n)
		if from >= below {
			return m, false, nil
		}
		err := c.eachIn(ctx, topic, partition, from, below, func(r *schemas.Message) error {
			if wanted(r) {
				m, found = *r, true
			}
			return nil
		})
		if err != nil || found || from == least {
			return m, found, err
		}
	}
}
