package intake

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/schemas"
)

// owner is one ownership of one partition: from the claims to the first thing
// that shakes it.
type owner struct {
	w          *Worker
	partition  int
	partitions int
	producer   *ingest.Producer
	queues     []queue
	done       progress // as the log says
	dead       progress // as the dead letters say
	stats      *Stats
	batch      []Item
	again      bool // marks of the run that is over were read: to be written down
	records    []schemas.Message
	letters    []schemas.Message
}

func (w *Worker) own(ctx context.Context, partition int) error {
	n, err := w.Cluster.Partitions(ctx)
	if err != nil {
		return err
	}
	o := &owner{w: w, partition: partition, partitions: n, stats: w.statsOf(partition)}
	if err := o.claim(ctx); err != nil {
		return err
	}
	return o.work(ctx)
}

// claim takes both outputs and reads where they stand. From here on an older
// owner is refused by both.
func (o *owner) claim(ctx context.Context) error {
	o.producer = o.w.Cluster.NewProducer(fmt.Sprintf("%s%s-%d", o.w.Cluster.Prefix, producerName, o.partition))
	for _, topic := range [...]string{schemas.TopicDeadLetters, schemas.TopicLog} {
		if err := o.producer.Claim(ctx, topic, []int{o.partition}, nil); err != nil {
			return err
		}
	}
	var err error
	var begun bool
	if o.dead, _, err = newestProgress(ctx, o.w.Cluster, schemas.TopicDeadLetters, o.partition); err != nil {
		return err
	}
	if o.done, begun, err = newestProgress(ctx, o.w.Cluster, schemas.TopicLog, o.partition); err != nil {
		return err
	}
	o.queues = make([]queue, len(schemas.RawTopics))
	for i := range o.queues {
		o.queues[i] = queue{read: o.done.Next[i], mark: o.done.Marks[i], ended: o.done.Ended[i]}
	}
	o.stats.note(nil, &o.done)
	if begun {
		return nil
	}
	use := schemas.Record{Kind: schemas.KindUse, Use: &o.w.Use}
	_, err = o.producer.Append(ctx, schemas.TopicLog, o.partition, []schemas.Message{logMessage(&use, nil), o.done.message()})
	return err
}

// read is what one topic's reader hands over.
type read struct {
	items []Item
	err   error
}

// work reads the raw topics side by side and writes what is ready.
func (o *owner) work(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	in := make([]chan read, len(schemas.RawTopics))
	for t := range schemas.RawTopics {
		in[t] = make(chan read, 2)
		readers.Go(func() { o.follow(ctx, t, in[t]) })
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	var from [6]chan read
	for {
		for t := range from {
			from[t] = nil
			if q := &o.queues[t]; !q.ended && len(q.items) < aheadLimit {
				from[t] = in[t]
			}
		}
		var (
			got   read
			topic int
		)
		select {
		case got = <-from[0]:
			topic = 0
		case got = <-from[1]:
			topic = 1
		case got = <-from[2]:
			topic = 2
		case got = <-from[3]:
			topic = 3
		case got = <-from[4]:
			topic = 4
		case got = <-from[5]:
			topic = 5
		case <-tick.C:
			if o.done.Live {
				if err := o.write(ctx, nil, o.liveTick()); err != nil {
					return err
				}
			}
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		if got.err != nil {
			return got.err
		}
		for i := range got.items {
			o.take(topic, got.items[i])
		}
		if err := o.flush(ctx); err != nil {
			return err
		}
	}
}

// take adds an item to its topic's queue; the first recorded one names the run.
func (o *owner) take(topic int, i Item) {
	if i.Mark != nil && o.done.Run == "" && i.run == o.done.Over {
		// A replayer that was cut off at the end sends its end marks again.
		o.queues[topic].read = i.message.Offset + 1
		o.again = true
		return
	}
	if o.done.Run == "" && i.run != "" && i.problem == nil {
		o.done.Run = i.run
	}
	o.queues[topic].take(i, o.done.Run)
}

// follow reads one topic and decodes it.
func (o *owner) follow(ctx context.Context, topic int, out chan<- read) {
	r := o.w.Cluster.NewReader(schemas.RawTopics[topic], o.partition, o.queues[topic].read)
	defer r.Close()
	for {
		messages, err := r.Read(ctx, readLimit)
		if len(messages) == 0 && err == nil {
			continue
		}
		got := read{err: err, items: make([]Item, len(messages))}
		now := o.w.Clock()
		for i := range messages {
			got.items[i] = o.w.Encoder.Decode(&messages[i], o.partitions, now)
		}
		// One read is handed over up to a run's end mark: what follows belongs to the
		// next run and waits until this one is over in all topics.
		for len(got.items) > 0 || got.err != nil {
			end := slices.IndexFunc(got.items, func(i Item) bool { return i.Mark != nil && i.Mark.End }) + 1
			if end == 0 {
				end = len(got.items)
			}
			part := read{items: got.items[:end]}
			if got.items = got.items[end:]; len(got.items) == 0 {
				part.err, got.err = got.err, nil
			}
			select {
			case out <- part:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}
