package kafkasink

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// parallel is how many partitions are appended to at a time.
const parallel = 16

// appender gathers messages by partition and appends those of several partitions side by
// side. The order within a partition is that of add.
type appender struct {
	partitions int
	producer   *kafka.Producer
	pending    map[target][]schemas.Message
}

// target is one partition of one topic, whose name has no prefix.
type target struct {
	topic     string
	partition int
}

func (a *appender) add(topic string, partition int, m schemas.Message) {
	to := target{topic, partition}
	a.pending[to] = append(a.pending[to], m)
}

// flush appends what is pending and returns when all of it is acknowledged. After an error
// some of it may be there; none of it is pending any more.
func (a *appender) flush(ctx context.Context) error {
	appends, ctx := errgroup.WithContext(ctx)
	appends.SetLimit(parallel)
	for to, messages := range a.pending {
		if len(messages) == 0 {
			continue
		}
		appends.Go(func() error {
			_, err := a.producer.Append(ctx, to.topic, to.partition, messages)
			return err
		})
	}
	err := appends.Wait()
	for to := range a.pending {
		a.pending[to] = a.pending[to][:0]
	}
	return err
}
