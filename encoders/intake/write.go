package intake

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// step takes what was read of a topic and writes what is ready: direct messages,
// verdicts of marks, what lies up to the smallest mark.
func (o *owner) step(ctx context.Context, topic int, got *read) error {
	q := &o.queues[topic]
	o.direct, o.judged = o.direct[:0], o.judged[:0]
	for k := range got.items {
		i := &got.items[k]
		q.read = i.message.Offset + 1
		switch {
		case !i.direct():
			o.take(q, i)
		case i.message.Offset >= o.log.state.Direct[topic]:
			o.direct = append(o.direct, i)
		}
	}
	over, err := o.write(ctx, topic, got.now)
	for over && err == nil {
		o.direct, o.judged = o.direct[:0], o.judged[:0]
		o.reopen()
		over, err = o.write(ctx, topic, got.now)
	}
	return err
}

// take puts a recorded message into its queue, or lets a mark judge what waits
// there. The first mark names the run.
func (o *owner) take(q *queue, i *Item) {
	s := &o.log.state
	switch {
	case q.ended:
		q.later = append(q.later, i)
	case i.Mark == nil:
		q.put(i)
	case s.Run == "" && i.run == s.Over:
		o.again = true // a replayer that was cut off at the end sends its end marks again
	case s.Run == "" || i.run == s.Run:
		s.Run = i.run
		o.judged = q.judge(*i.Mark, s.Frontier, o.judged)
	default:
		q.put(i) // of another run
	}
}

// reopen lets the next run begin with what was read of it.
func (o *owner) reopen() {
	for t := range o.queues {
		q := &o.queues[t]
		later := q.later
		q.later = nil
		for _, i := range later {
			o.take(q, i)
		}
	}
}

// write appends the dead letters of a step, then its log batch. now is the clock
// by which the direct messages, all of one topic, were judged. over: the run has
// ended with the step.
func (o *owner) write(ctx context.Context, topic int, now schemas.Time) (over bool, err error) {
	s := &o.log.state
	s.Step++
	if err := o.sendOn(ctx, topic); err != nil {
		return false, err
	}
	letters, err := o.bury(ctx, topic, now)
	if err != nil {
		return false, err
	}
	for _, i := range o.direct {
		if i.Record != nil {
			if err := o.logDirect(ctx, topic, i); err != nil {
				return false, err
			}
		}
	}
	s.Direct[topic] = max(s.Direct[topic], o.queues[topic].read) // a restart reads again what is below
	merged, over, err := o.merge(ctx)
	if err != nil || !letters && !merged && !o.again && len(o.direct) == 0 {
		return false, err
	}
	o.again = false
	for t := range o.queues {
		s.Next[t], s.Marks[t], s.Ended[t] = o.queues[t].next()
	}
	return over, o.cut(ctx, &o.log)
}

// sendOn sends live messages with a key of another partition again to their raw
// topic, whole. After a crash some go twice; their identity tells.
func (o *owner) sendOn(ctx context.Context, topic int) error {
	some := false
	for _, i := range o.direct {
		if i.reroute < 0 {
			continue
		}
		if o.onward == nil {
			o.onward = make([][]schemas.Message, o.partitions)
		}
		o.onward[i.reroute] = append(o.onward[i.reroute], schemas.Message{Key: i.message.Key, Value: i.message.Value, Headers: i.message.Headers})
		some = true
	}
	if !some {
		return nil
	}
	for partition, messages := range o.onward {
		if len(messages) == 0 {
			continue
		}
		if _, err := o.producer.Append(ctx, schemas.RawTopics[topic], partition, messages); err != nil {
			return err
		}
		clear(messages)
		o.onward[partition] = messages[:0]
	}
	return o.at("sent on")
}

// bury writes the dead letters of a step that are not there since before a crash.
func (o *owner) bury(ctx context.Context, topic int, now schemas.Time) (some bool, err error) {
	d := &o.dead.state
	d.Step, d.Run, d.Over = o.log.state.Step, o.log.state.Run, o.log.state.Over
	for _, i := range o.direct {
		if i.problem == nil || i.message.Offset < d.Direct[topic] {
			continue
		}
		if err := o.letter(ctx, i); err != nil {
			return false, err
		}
		d.Direct[topic], d.Clock[topic] = i.message.Offset+1, int64(now)
	}
	for _, i := range o.judged {
		t := schemas.RawTopicIndex(i.message.Topic)
		if i.message.Offset < d.Judged[t] {
			continue
		}
		if err := o.letter(ctx, i); err != nil {
			return false, err
		}
		d.Judged[t] = i.message.Offset + 1
	}
	if len(o.dead.batch) == 0 {
		return false, nil
	}
	return true, o.cut(ctx, &o.dead)
}

func (o *owner) letter(ctx context.Context, i *Item) error {
	letter := kafka.NewDeadLetter(&i.message, i.problem, i.source, i.partial)
	body, err := schemas.EncodeDeadLetter(&letter)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: its dead letter cannot be encoded: %w", i.message.Topic, i.message.Partition, i.message.Offset, err)
	}
	key := i.source
	if key == "" {
		key = "unknown"
	}
	if o.full(&o.dead, recordBytes+len(key)+len(body)) {
		if err := o.cut(ctx, &o.dead); err != nil {
			return err
		}
	}
	o.dead.add(schemas.Message{Key: []byte(key), Value: body, Headers: []schemas.Header{
		{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeDeadLetter},
		{Key: schemas.HeaderID, Value: fmt.Sprintf("%s/%d/%d", i.message.Topic, i.message.Partition, i.message.Offset)},
		{Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
	}})
	o.dead.reasons = append(o.dead.reasons, i.problem.Reason)
	return nil
}

// logDirect adds a live record, whose at never goes back.
func (o *owner) logDirect(ctx context.Context, topic int, i *Item) error {
	s := &o.log.state
	command := i.Record.Kind == schemas.KindCommand && s.Run != ""
	if command {
		i.Record.At = 0 // inside a run: the patient's last at
	} else {
		i.Record.At = max(i.Record.At, schemas.Time(s.At))
	}
	if err := o.addRecord(ctx, i.Record, i.message.Key); err != nil {
		return err
	}
	if !command {
		s.At, s.Live = int64(i.Record.At), true
	}
	s.Direct[topic] = i.message.Offset + 1
	return nil
}

// merge adds the recorded records up to the smallest mark in Compare's order, and a
// tick. A restart may find that the first of them are in the log.
func (o *owner) merge(ctx context.Context) (merged, over bool, err error) {
	s := &o.log.state
	if s.Run == "" {
		return false, false, nil
	}
	before := s.Frontier
	frontier, over := o.frontier()
	if frontier <= before && !over {
		return false, false, nil
	}
	o.batch = o.batch[:0]
	for t := range o.queues {
		o.batch = o.queues[t].upTo(frontier, o.batch)
	}
	slices.SortStableFunc(o.batch, Compare)
	written := 0
	for written < min(s.Part, len(o.batch)) && o.batch[written].play == before+1 {
		written++
	}
	for _, i := range o.batch[written:] {
		if err := o.addRecord(ctx, i.Record, i.message.Key); err != nil {
			return false, false, err
		}
		if i.play != s.Frontier+1 {
			s.Frontier, s.Part = i.play-1, 0
		}
		s.Part++
	}
	clear(o.batch)
	if frontier > before {
		tick := schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: frontier}
		if err := o.addRecord(ctx, &tick, tickKey); err != nil {
			return false, false, err
		}
	}
	s.Frontier, s.Part = frontier, 0
	if over {
		for t := range o.queues {
			o.queues[t].ended, o.queues[t].mark = false, -1
		}
		s.Over, s.Run, s.Frontier = s.Run, "", -1
	}
	return true, over, nil
}

// frontier is the smallest mark; over says that every topic has shown the run's
// end, and then it is the largest: nothing more comes.
func (o *owner) frontier() (play int64, over bool) {
	low, high, over := int64(math.MaxInt64), int64(-1), true
	for t := range o.queues {
		q := &o.queues[t]
		low, high, over = min(low, q.mark), max(high, q.mark), over && q.ended
	}
	if over {
		return high, true
	}
	return low, false
}

// tick writes a tick of intake's clock, which never goes back.
func (o *owner) tick(ctx context.Context) error {
	s := &o.log.state
	s.Step++
	s.At = max(int64(o.w.Clock()), s.At)
	if err := o.addRecord(ctx, &schemas.Record{Kind: schemas.KindTick, At: schemas.Time(s.At)}, tickKey); err != nil {
		return err
	}
	return o.cut(ctx, &o.log)
}
