package intake

import (
	"context"
	"errors"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Worker owns partitions of the raw topics and writes their patient log. Its
// fields must not change after the first call.
type Worker struct {
	Cluster  *kafka.Cluster
	Encoder  *record.Encoder
	Use      schemas.Use         // what the worker's monitor has, which the log must ask for
	LiveOnly bool                // recorded messages become dead letters
	Switch   bool                // a log that asks for something else is made to ask for Use
	Models   Models              // those that a command may let a log ask for; nil: none
	Named    bool                // the model of Use was named, and is not what serves where none is: a switch goes by it
	Clock    func() schemas.Time // the time of day, by which live events are dated; recorded ones bring their own time
	Log      zerolog.Logger
	// Quiet says whether a partition's log has been applied up to an offset and nobody there has
	// an open stay, so that nothing is to come of time alone. nil: that is not known.
	Quiet func(partition int, offset int64) bool
	Idle  kafka.Idle // how the broker is kept from forgetting the producers

	cut  func(point string) error // ends a tenure at a named point, in tests of crashes
	most int                      // records that a batch takes, in tests; 0: batchRecords
	load load                     // what a stretch may bring, in tests; zero: what the limits say
	sure bool                     // Clock is believed whatever it says, in tests

	stats  kafka.PerPartition[Stats]
	clocks kafka.PerPartition[clock]
	doubts atomic.Int64 // partitions that do not believe Clock
	skews  skews
}

// producerName begins the transactional ids of intake's producers.
const producerName = "vigil-intake"

// Limits of what waits in memory.
const (
	readLimit  = 1000   // records of one read
	aheadLimit = 50_000 // items of one topic that wait for the others' marks or for the next run
)

// Own works one partition until ctx ends or the lease is lost (kafka.ErrLeaseLost); it is a
// kafka.Handler, and kafka.Ownership.Hold has the rules. Its other errors are for good: a
// record in the log or among the dead letters that a newer version wrote, a log that asks for
// what the worker does not have (ErrOtherUse), rights that are missing (kafka.ErrDenied).
func (w *Worker) Own(ctx context.Context, partition int, lease *kafka.Lease) error {
	own := kafka.Ownership{
		Cluster: w.Cluster, Doing: "intake of partition", Producer: producerName,
		Outputs: []string{schemas.TopicDeadLetters, schemas.TopicLog}, Idle: w.Idle, Log: w.Log, Cut: w.cut,
	}
	return own.Hold(ctx, partition, lease, func(t *kafka.Tenure) kafka.Tenant {
		return &logWriter{
			worker: w, tenure: t, stats: w.Stats(t.Partition), clock: w.clock(t.Partition), end: -1,
			dead: outlet{topic: schemas.TopicDeadLetters, point: "dead letters written"},
			log:  outlet{topic: schemas.TopicLog, point: "log written"},
		}
	})
}

// clock is that of a partition. It outlasts a tenure, so that a clock which was set while the
// partition was claimed anew is found out.
func (w *Worker) clock(partition int) *clock {
	return w.clocks.Row(partition, func() *clock {
		c := &clock{worker: w}
		if !w.sure {
			c.steady = kafka.Steady
		}
		return c
	})
}

// logWriter writes the log of one partition during one tenure. step.go has what it does
// with a message.
type logWriter struct {
	worker     *Worker
	tenure     *kafka.Tenure
	stats      *Stats
	clock      *clock
	pace       pace
	partitions int   // of every topic
	end        int64 // log offset of the last record that this tenure has written, -1: none

	queues    []queue // one for each of schemas.RawTopics
	log, dead outlet
	restate   bool // marks of the run that ended last were read again: the log must say how far, though nothing else is new

	// What one step gathers.
	direct []*Item // direct messages that the log does not have yet
	judged []*Item // recorded messages in which a mark has found a problem
	merged []*Item // recorded messages up to the smallest mark
}

// Claim counts the partitions. Intake has no store: nothing but its outputs fences an
// older owner.
func (l *logWriter) Claim(ctx context.Context) (err error) {
	l.partitions, err = l.worker.Cluster.Partitions(ctx)
	return err
}

// Load reads from the tails of both outputs what they hold of the raw topics, and makes sure
// that the log asks for what the worker has.
func (l *logWriter) Load(ctx context.Context) (err error) {
	l.hear()
	var begun bool
	if l.dead.state, _, err = newestProgress(ctx, l.worker.Cluster, l.dead.topic, l.tenure.Partition); err != nil {
		return err
	}
	if l.log.state, begun, err = newestProgress(ctx, l.worker.Cluster, l.log.topic, l.tenure.Partition); err != nil {
		return err
	}
	s, d := &l.log.state, &l.dead.state
	if s.Partitions != 0 {
		if err := l.tenure.Picture().Same(s.Partitions); err != nil {
			return err
		}
	}
	s.Partitions, d.Partitions = l.partitions, l.partitions
	anew := l.follows(s)
	l.follows(d)
	s.Judged, s.Clock = nil, nil
	d.Next, d.Marks, d.Ended = nil, nil, nil
	if d.Step > s.Step && s.Run == "" {
		s.Run = d.Run // the newest dead letters were judged by the marks of this run
	}
	l.queues = make([]queue, len(schemas.RawTopics))
	for t := range l.queues {
		l.queues[t] = queue{read: s.Next[t], mark: s.Marks[t], ended: s.Ended[t], most: l.worker.mostLoad()}
	}
	for t := range l.queues {
		l.stats.Next[t].Store(l.queues[t].read)
	}
	l.leaveRun()
	l.stats.add(&l.log, s)
	if err := l.ask(ctx, begun); err != nil {
		return err
	}
	return l.beginAnew(ctx, anew)
}

// follows makes the offsets of an outlet's state those of the raw topics that there are now,
// and returns those topics that were made anew since: their offsets begin again.
func (l *logWriter) follows(s *progress) (anew []int) {
	for t, topic := range schemas.RawTopics {
		id := l.tenure.Picture().Topics[topic].ID
		if id == "" || id == s.Topics[t] {
			continue
		}
		if s.Topics[t] != "" {
			anew = append(anew, t)
			s.Next[t], s.Direct[t], s.Judged[t] = 0, 0, 0
		}
		s.Topics[t] = id
	}
	return anew
}

// beginAnew writes into the log that messages may be gone of raw topics that were made anew:
// nobody knows how many the old ones had that were not read. The scores of the partition are
// marked.
func (l *logWriter) beginAnew(ctx context.Context, topics []int) error {
	if len(topics) == 0 {
		return nil
	}
	s := &l.log.state
	s.Step++
	for _, t := range topics {
		l.worker.Log.Error().Int("partition", l.tenure.Partition).Str("topic", schemas.RawTopics[t]).
			Msg("the topic was deleted and made anew: messages may be lost; it is read from its beginning, and scores of this partition are marked gap")
		if err := l.addGap(ctx, t); err != nil {
			return err
		}
	}
	return l.appendBatch(ctx, &l.log)
}

// addGap adds to the log's batch that messages of a raw topic are missing.
func (l *logWriter) addGap(ctx context.Context, topic int) error {
	if err := l.goOn(ctx); err != nil {
		return err
	}
	at := schemas.Time(l.log.state.At)
	return l.addRecord(ctx, &schemas.Record{Kind: schemas.KindGap, TopicIndex: uint8(topic), At: at, Available: at}, gapKey)
}

// Work reads the raw topics side by side, takes a step for each delivery, and writes a
// tick of the clock every second once the log has live events, unless it is quiet.
func (l *logWriter) Work(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	in := make([]chan delivery, len(schemas.RawTopics))
	for t := range in {
		in[t] = make(chan delivery, 2)
		f := follower{
			worker: l.worker, now: l.clock.now, topic: t, partition: l.tenure.Partition, partitions: l.partitions, from: l.queues[t].read,
			judged: l.dead.state.Direct[t], clock: schemas.Time(l.dead.state.Clock[t]),
			short: schemas.NewShortReader(), free: make(chan delivery, cap(in[t])+2),
		}
		readers.Go(func() { f.follow(ctx, in[t]) })
	}
	clock := time.NewTicker(time.Second)
	defer clock.Stop()
	var from [6]chan delivery
	for {
		if err := l.tenure.Keep(ctx, nil); err != nil {
			return err
		}
		l.choose(in, from[:])
		var (
			got   delivery
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
		case <-clock.C:
			l.worker.saySkews(l.clock.now())
			if l.ticks() {
				if err := l.tick(ctx); err != nil {
					return err
				}
			}
			continue
		case <-ctx.Done():
			return ctx.Err()
		}
		if len(got.items) > 0 {
			if err := l.step(ctx, topic, &got); err != nil {
				return err
			}
			got.release()
		}
		l.stats.Next[topic].Store(max(got.next, l.queues[topic].read))
		var lost *kafka.DataLossError
		if errors.As(got.err, &lost) && lost.Offset < lost.First {
			return l.passOver(ctx, topic, lost)
		}
		if lost != nil { // the topic may have been made anew, which the next tenure takes account of
			if _, err := l.worker.Cluster.Picture(ctx); err != nil {
				return err
			}
			if err := l.tenure.Keep(ctx, nil); err != nil {
				return err
			}
		}
		if got.err != nil {
			return got.err
		}
	}
}

// choose names in from the topics to be read on: all but those of which too much waits for
// another topic's mark or for the next run. A topic that holds the others up is read on, since
// nothing could go on without it; what it may bring before its next mark has its own limit
// (queue.put). One that has ended its run holds nobody up.
func (l *logWriter) choose(in, from []chan delivery) {
	least := int64(math.MaxInt64)
	for t := range l.queues {
		least = min(least, l.queues[t].mark)
	}
	for t := range from {
		q := &l.queues[t]
		from[t] = in[t]
		full := len(q.items)+len(q.later) >= aheadLimit || q.held >= q.most.bytes/4
		if full && (q.ended || q.mark > least) {
			from[t] = nil
		}
	}
}

// hear tells the clock what the broker has said of its own with the newest batch of the log.
func (l *logWriter) hear() {
	if h, ok := l.tenure.Producer.Heard(l.log.topic, l.tenure.Partition); ok {
		l.clock.hear(h)
	}
}

// ticks says whether the log is to be told the time. In a partition that is quiet time passes
// unwritten but for a tick an hour, by which the log's end says within any retention what it
// holds, and a message that comes after a long time has no more than an hour to make up for.
func (l *logWriter) ticks() bool {
	s, w := &l.log.state, l.worker
	if !s.Live {
		return false
	}
	quiet := w.Quiet != nil && l.end >= 0 && w.Quiet(l.tenure.Partition, l.end)
	return !quiet || l.clock.now()-schemas.Time(s.At) >= schemas.Hour
}

// tick writes a tick of intake's clock.
func (l *logWriter) tick(ctx context.Context) error {
	l.log.state.Step++
	if err := l.goOn(ctx); err != nil {
		return err
	}
	if err := l.addRecord(ctx, &schemas.Record{Kind: schemas.KindTick, At: schemas.Time(l.log.state.At)}, tickKey); err != nil {
		return err
	}
	return l.appendBatch(ctx, &l.log)
}

// goOn moves the log's live time on to the clock's, as pace has it. Where that is
// more than an hour, since nobody wrote for long, it goes by ticks of an hour each: whoever
// applies the log has the work of one at a time.
func (l *logWriter) goOn(ctx context.Context) error {
	s := &l.log.state
	at, back := l.pace.at(l.clock.now(), schemas.Time(s.At))
	if back {
		l.worker.Log.Error().Int("partition", l.tenure.Partition).Stringer("ahead", time.Duration(s.At-int64(at))*time.Millisecond).
			Msg("the log was written by a clock that was far ahead: it goes back to the present; patients who were open then get no new scores until that time has come, all others do")
	}
	for s.Live && at-schemas.Time(s.At) > schemas.Hour {
		s.At += int64(schemas.Hour)
		if err := l.addRecord(ctx, &schemas.Record{Kind: schemas.KindTick, At: schemas.Time(s.At)}, tickKey); err != nil {
			return err
		}
	}
	s.At = int64(at)
	return nil
}

// passOver writes into the log that messages of a raw topic are gone, so that the scores of
// the partition are marked, and that reading goes on where the topic begins now. It ends
// the tenure without an error: the next one reads from there.
func (l *logWriter) passOver(ctx context.Context, topic int, lost *kafka.DataLossError) error {
	l.worker.Log.Error().Err(lost).Int("partition", l.tenure.Partition).Int64("lost", lost.First-lost.Offset).Msg("messages were lost before intake read them: scores of this partition are marked gap")
	s := &l.log.state
	s.Step++
	if err := l.addGap(ctx, topic); err != nil {
		return err
	}
	s.Direct[topic], s.Next[topic] = max(s.Direct[topic], lost.First), lost.First
	l.stats.Lost.Add(lost.First - lost.Offset)
	return l.appendBatch(ctx, &l.log)
}
