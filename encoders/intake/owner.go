package intake

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// owner is one ownership of one partition: from the claims to the first thing
// that shakes it.
type owner struct {
	w          *Worker
	partition  int
	partitions int
	producer   *kafka.Producer
	queues     []queue
	log, dead  output
	stats      *Stats
	again      bool // marks of the run that is over were read: to be written down

	// Of one step.
	direct []*Item             // that are not in the log
	judged []*Item             // that a mark has judged, with a problem
	batch  []*Item             // of the merge
	onward [][]schemas.Message // per partition that they are sent on to
}

func (w *Worker) own(ctx context.Context, partition int) error {
	n, err := w.Cluster.Partitions(ctx)
	if err != nil {
		return err
	}
	o := &owner{
		w: w, partition: partition, partitions: n, stats: w.statsOf(partition),
		dead: output{topic: schemas.TopicDeadLetters, point: "dead letters written"},
		log:  output{topic: schemas.TopicLog, point: "log written"},
	}
	if err := o.claim(ctx); err != nil {
		return err
	}
	return o.work(ctx)
}

// claim takes both outputs and reads where they stand. From here on an older
// owner is refused by both.
func (o *owner) claim(ctx context.Context) error {
	o.producer = o.w.Cluster.NewProducer(fmt.Sprintf("%s%s-%d", o.w.Cluster.Prefix, producerName, o.partition))
	for _, out := range [...]*output{&o.dead, &o.log} {
		if err := o.producer.Claim(ctx, out.topic, []int{o.partition}, nil); err != nil {
			return err
		}
	}
	var err error
	var begun bool
	if o.dead.state, _, err = newestProgress(ctx, o.w.Cluster, o.dead.topic, o.partition); err != nil {
		return err
	}
	if o.log.state, begun, err = newestProgress(ctx, o.w.Cluster, o.log.topic, o.partition); err != nil {
		return err
	}
	s, d := &o.log.state, &o.dead.state
	s.Judged, s.Clock = nil, nil
	d.Next, d.Marks, d.Ended = nil, nil, nil
	if d.Step > s.Step && s.Run == "" {
		s.Run = d.Run // by which the newest dead letters were judged
	}
	o.queues = make([]queue, len(schemas.RawTopics))
	for t := range o.queues {
		o.queues[t] = queue{read: s.Next[t], mark: s.Marks[t], ended: s.Ended[t]}
	}
	o.stats.note(&o.log, s)
	if begun {
		return nil
	}
	if err := o.addRecord(ctx, &schemas.Record{Kind: schemas.KindUse, Use: &o.w.Use}, useKey); err != nil {
		return err
	}
	return o.cut(ctx, &o.log)
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
		f := follower{
			w: o.w, topic: t, partition: o.partition, partitions: o.partitions, from: o.queues[t].read,
			judged: o.dead.state.Direct[t], clock: schemas.Time(o.dead.state.Clock[t]),
			short: schemas.NewShortReader(), free: make(chan read, cap(in[t])+2),
		}
		readers.Go(func() { f.follow(ctx, in[t]) })
	}
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	alive, renew := time.NewTicker(o.w.Idle.AlivePeriod()), time.NewTicker(o.w.Idle.RenewPeriod())
	defer alive.Stop()
	defer renew.Stop()
	var from [6]chan read
	for {
		o.choose(in, from[:])
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
			if o.log.state.Live {
				if err := o.tick(ctx); err != nil {
					return err
				}
			}
			continue
		case <-alive.C:
			for _, out := range [...]*output{&o.dead, &o.log} {
				if err := o.producer.KeepAlive(ctx, out.topic, o.partition, nil); err != nil {
					return err
				}
			}
			continue
		case <-renew.C:
			return errRenew
		case <-ctx.Done():
			return ctx.Err()
		}
		if len(got.items) > 0 {
			if err := o.step(ctx, topic, &got); err != nil {
				return err
			}
			got.done()
		}
		var lost *kafka.DataLossError
		if errors.As(got.err, &lost) && lost.Offset < lost.First {
			return o.passOver(ctx, topic, lost)
		}
		if got.err != nil {
			return got.err
		}
	}
}

// errPassed ends an ownership so that it begins again behind what was lost.
var errPassed = errors.New("messages were lost")

// passOver writes into the log that messages of a raw topic are not there any more, and
// that reading goes on where the topic begins now.
func (o *owner) passOver(ctx context.Context, topic int, lost *kafka.DataLossError) error {
	o.w.Log.Error().Err(lost).Int("partition", o.partition).Int64("lost", lost.First-lost.Offset).Msg("messages were lost before intake read them: scores of this partition are marked gap")
	s := &o.log.state
	s.Step++
	s.At = max(int64(o.w.Clock()), s.At)
	if err := o.addRecord(ctx, &schemas.Record{Kind: schemas.KindGap, TopicIndex: uint8(topic), At: schemas.Time(s.At), Available: schemas.Time(s.At)}, gapKey); err != nil {
		return err
	}
	s.Direct[topic], s.Next[topic] = max(s.Direct[topic], lost.First), lost.First
	o.stats.Lost.Add(lost.First - lost.Offset)
	if err := o.cut(ctx, &o.log); err != nil {
		return err
	}
	return errPassed
}

// choose names the topics to be read on: all but those of which too much waits for
// another topic's mark or for the next run. One that holds the others up goes on,
// however long it is to its next mark.
func (o *owner) choose(in, from []chan read) {
	least := int64(math.MaxInt64)
	for t := range o.queues {
		least = min(least, o.queues[t].mark)
	}
	for t := range from {
		q := &o.queues[t]
		from[t] = in[t]
		if len(q.later) >= aheadLimit || len(q.items) >= aheadLimit && q.mark > least {
			from[t] = nil
		}
	}
}
