package intake

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/schemas"
)

// Worker owns partitions of the raw topics and writes their patient log. Its
// fields must not change after the first call.
type Worker struct {
	Cluster *ingest.Cluster
	Encoder *Encoder
	Use     schemas.Use         // written into a log partition that has none
	Clock   func() schemas.Time // of live events
	Log     zerolog.Logger

	// cut, in tests, is called at named points and may end the owner there.
	cut func(point string) error

	stats sync.Map // partition: *Stats
}

// producerName begins the transactional ids of intake's producers.
const producerName = "vigil-intake"

// Limits of what waits in memory.
const (
	readLimit  = 1000   // records of one read
	aheadLimit = 50_000 // items of one topic that wait for the others' marks
)

// Own works one partition until ctx ends, or gives it up when the lease is lost.
// It has the shape of ingest.Handler.
func (w *Worker) Own(ctx context.Context, partition int, lease *ingest.Lease) error {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		if lease != nil {
			if err := lease.Check(ctx); err != nil {
				return err
			}
		}
		err := w.own(ctx, partition)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case !errors.Is(err, ingest.ErrFenced):
			return fmt.Errorf("intake of partition %d: %w", partition, err)
		}
		w.Log.Warn().Err(err).Int("partition", partition).Msg("claiming the partition again")
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

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
	if o.dead, _, err = o.tail(ctx, schemas.TopicDeadLetters); err != nil {
		return err
	}
	if o.done, begun, err = o.tail(ctx, schemas.TopicLog); err != nil {
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

// tail reads the newest offsets record of an output; claims may stand behind it.
func (o *owner) tail(ctx context.Context, topic string) (p progress, found bool, err error) {
	for n := 16; ; n *= 8 {
		tail, err := o.w.Cluster.LastRecords(ctx, topic, o.partition, n)
		if err != nil {
			return p, false, err
		}
		if p, found, err = lastProgress(tail); err != nil || found || len(tail) < n {
			return p, found, err
		}
	}
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

// flush writes live items at once and recorded ones up to the smallest mark.
func (o *owner) flush(ctx context.Context) error {
	o.batch = o.batch[:0]
	for t := range o.queues {
		o.batch = o.queues[t].liveItems(o.batch)
	}
	if len(o.batch) > 0 {
		slices.SortStableFunc(o.batch, func(a, b Item) int { return int(topicOf(&a)) - int(topicOf(&b)) })
		if err := o.write(ctx, o.batch, nil); err != nil {
			return err
		}
	}
	if o.done.Run == "" {
		if o.again {
			o.again = false
			return o.write(ctx, nil, nil)
		}
		return nil
	}
	frontier := o.queues[0].mark
	for t := range o.queues {
		frontier = min(frontier, o.queues[t].mark)
	}
	if frontier <= o.done.Frontier {
		return nil
	}
	o.batch = o.batch[:0]
	for t := range o.queues {
		o.batch = o.queues[t].upTo(frontier, o.batch)
	}
	slices.SortStableFunc(o.batch, func(a, b Item) int {
		if a.Record == nil || b.Record == nil {
			return recordless(&a) - recordless(&b) // dead letters first, in the order of their topics
		}
		return Compare(&a, &b)
	})
	o.done.Frontier = frontier
	o.endRun()
	return o.write(ctx, o.batch, &schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: frontier})
}

func recordless(i *Item) int {
	if i.Record == nil {
		return 0
	}
	return 1
}

func topicOf(i *Item) uint8 { return topicIndex(i.message.Topic) }

// endRun forgets the run once every topic has shown its end mark and all is
// written.
func (o *owner) endRun() {
	for t := range o.queues {
		if !o.queues[t].ended || len(o.queues[t].items) > 0 {
			return
		}
	}
	for t := range o.queues {
		o.queues[t].ended, o.queues[t].mark = false, -1
	}
	o.done.Over, o.done.Run, o.done.Frontier = o.done.Run, "", -1
}

// liveTick is a tick of intake's clock.
func (o *owner) liveTick() *schemas.Record {
	return &schemas.Record{Kind: schemas.KindTick, At: o.now()}
}

// now is intake's clock, never behind what the log already says.
func (o *owner) now() schemas.Time {
	at := max(o.w.Clock(), schemas.Time(o.done.At))
	o.done.At = int64(at)
	return at
}

// write appends the dead letters of a step, then its log batch; both end with
// what is done.
func (o *owner) write(ctx context.Context, items []Item, tick *schemas.Record) error {
	for t := range o.queues {
		o.done.Next[t], o.done.Marks[t], o.done.Ended[t] = o.queues[t].next()
	}
	o.records, o.letters = o.records[:0], o.letters[:0]
	if err := o.sort(ctx, items); err != nil {
		return err
	}
	if len(o.letters) > 0 {
		o.letters = append(o.letters, o.done.message())
		if _, err := o.producer.Append(ctx, schemas.TopicDeadLetters, o.partition, o.letters); err != nil {
			return err
		}
		if err := o.at("dead letters written"); err != nil {
			return err
		}
	}
	if tick != nil {
		o.records = append(o.records, logMessage(tick, nil))
	}
	o.records = append(o.records, o.done.message())
	if _, err := o.producer.Append(ctx, schemas.TopicLog, o.partition, o.records); err != nil {
		return err
	}
	o.stats.note(items, &o.done)
	return o.at("log written")
}

// sort puts each item where it belongs: the log, the dead letters, or the raw
// topic's right partition.
func (o *owner) sort(ctx context.Context, items []Item) error {
	for k := range items {
		i := &items[k]
		if i.reroute >= 0 && i.problem == nil {
			m := i.message
			if _, err := o.producer.Append(ctx, m.Topic, i.reroute, []schemas.Message{{Key: m.Key, Value: m.Value, Headers: m.Headers}}); err != nil {
				return err
			}
			continue
		}
		if i.problem != nil {
			o.bury(i)
		}
		if i.Record == nil {
			continue
		}
		if i.run == "" {
			switch i.Record.Kind {
			case schemas.KindCommand:
				if o.done.Run != "" {
					i.Record.At = 0 // inside a run: the patient's last at
					break
				}
				fallthrough
			default:
				i.Record.At = max(i.Record.At, schemas.Time(o.done.At))
				o.done.At, o.done.Live = int64(i.Record.At), true
			}
		}
		o.records = append(o.records, logMessage(i.Record, []byte(i.Record.Patient)))
	}
	return nil
}

// bury makes the item's dead letter, unless it was written before a crash.
func (o *owner) bury(i *Item) {
	o.stats.dead(i.problem.Reason)
	if t := topicOf(i); i.message.Offset < o.dead.Next[t] {
		return
	}
	letter := ingest.NewDeadLetter(&i.message, i.problem, i.source, i.partial)
	body, err := schemas.EncodeDeadLetter(&letter)
	if err != nil {
		o.w.Log.Error().Err(err).Msg("a dead letter cannot be encoded") // its fields are strings and numbers: never
		return
	}
	key := i.source
	if key == "" {
		key = "unknown"
	}
	o.letters = append(o.letters, schemas.Message{Key: []byte(key), Value: body, Headers: []schemas.Header{
		{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeDeadLetter},
		{Key: schemas.HeaderID, Value: fmt.Sprintf("%s/%d/%d", i.message.Topic, i.message.Partition, i.message.Offset)},
		{Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
	}})
}

func (o *owner) at(point string) error {
	if o.w.cut == nil {
		return nil
	}
	return o.w.cut(point)
}

var logHeaders = []schemas.Header{
	{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeLog}, {Key: schemas.HeaderContentType, Value: schemas.ContentLog},
}

// logMessage is a record on its way into the log; ticks and uses have a key too.
func logMessage(r *schemas.Record, key []byte) schemas.Message {
	switch r.Kind {
	case schemas.KindTick:
		key = []byte("tick")
	case schemas.KindUse:
		key = []byte("use")
	}
	return schemas.Message{Key: key, Value: r.AppendBinary(nil), Headers: logHeaders}
}
