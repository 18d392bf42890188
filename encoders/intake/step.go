package intake

import (
	"context"
	"maps"
	"slices"
	"sort"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// This file follows a message from its raw topic to the patient log, from top to bottom:
//
//	follow      reads a raw topic; Decode (item.go) makes an Item of each message
//	step        lets direct items through at once and recorded ones wait for a mark
//	judge       holds what waited against the mark that came
//	write       writes what is ready, by
//	sendOn      live messages that belong to another partition, to that one,
//	bury        what has a problem, to the dead letters, and to the log
//	logDirect   live records with intake's clock
//	merge       and recorded ones up to the smallest mark, in Compare's order
//	addRecord   puts a record into the log's batch
//	appendBatch appends the batch, which ends with what the log now holds

// follower reads one raw topic of a partition, ahead of the steps, and decodes it.
type follower struct {
	worker                       *Worker
	now                          func() schemas.Time // the partition's clock
	topic, partition, partitions int                 // the topic by schemas.RawTopics
	from                         int64               // offset to be read first

	// Direct messages below the offset judged were judged by this clock before a crash.
	// They are judged by it again, so that a message stays refused that was refused for
	// its time.
	judged int64
	clock  schemas.Time

	short *schemas.ShortReader
	free  chan delivery // whose memory may be used again
}

// delivery is what a follower hands over at a time.
type delivery struct {
	items   []Item
	records []schemas.Record // memory of the items in the short form
	now     schemas.Time     // the clock by which the items were judged
	next    int64            // offset from which the topic is read on behind the items
	err     error            // ends the topic
	free    chan<- delivery
}

// follow reads the topic and hands over what it has decoded, until ctx ends or the topic
// cannot be read any more.
func (f *follower) follow(ctx context.Context, out chan<- delivery) {
	hand := func(d delivery) bool {
		select {
		case out <- d:
		case <-ctx.Done():
		}
		return ctx.Err() == nil
	}
	r := f.worker.Cluster.NewReader(schemas.RawTopics[f.topic], f.partition, f.from)
	r.PassUnread()
	next := f.from
	for {
		messages, err := r.Read(ctx, readLimit)
		again := sort.Search(len(messages), func(k int) bool { return messages[k].Offset >= f.judged })
		if again > 0 && !hand(f.decode(messages[:again], f.clock)) {
			return
		}
		if again < len(messages) {
			d := f.decode(messages[again:], f.now())
			d.next = r.Next()
			if !hand(d) {
				return
			}
		} else if n := r.Next(); n > next && !hand(delivery{next: n}) { // what is not for readers: ends of transactions, and what was given up
			return
		}
		next = r.Next()
		if err != nil {
			hand(delivery{err: err})
			return
		}
	}
}

// decode makes an item of each message, in memory that an earlier delivery has left.
func (f *follower) decode(messages []schemas.Message, now schemas.Time) delivery {
	var d delivery
	select {
	case d = <-f.free:
	default:
	}
	n := len(messages)
	d.now, d.free = now, f.free
	d.items = slices.Grow(d.items[:0], n)[:n]
	d.records = slices.Grow(d.records[:0], n)[:n]
	for k := range messages {
		m := &messages[k]
		if f.worker.refusesRun(m, &d.items[k]) {
			continue
		}
		if !decodeShort(f.worker.Encoder, f.short, m, f.partitions, now, &d.items[k], &d.records[k]) {
			d.items[k] = Decode(f.worker.Encoder, m, f.partitions, now)
		}
	}
	return d
}

// release gives the memory back; what waits in a queue is a copy. The messages are forgotten,
// which are parts of what the fetches brought: an idle topic must not keep that.
func (d *delivery) release() {
	clear(d.items)
	select {
	case d.free <- *d:
	default:
	}
}

// step takes a delivery of a topic and writes what is ready after it: direct messages, what
// marks have found wrong, what lies up to the smallest mark. When a run ends with that, the
// next one may be ready as well.
func (l *logWriter) step(ctx context.Context, topic int, got *delivery) error {
	q := &l.queues[topic]
	for k := range got.items {
		i := &got.items[k]
		q.read = i.message.Offset + 1
		switch {
		case !i.direct():
			l.queue(q, i)
		case i.message.Offset >= l.log.state.Direct[topic]:
			if err := l.findUse(ctx, i); err != nil {
				return err
			}
			l.direct = append(l.direct, i)
		}
	}
	defer func() {
		held := 0
		for t := range l.queues {
			held += len(l.queues[t].items) + len(l.queues[t].later)
		}
		l.stats.Held.Store(int64(held))
	}()
	for {
		over, err := l.write(ctx, topic, got.now)
		clear(l.direct)
		clear(l.judged)
		l.direct, l.judged = l.direct[:0], l.judged[:0]
		if !over || err != nil {
			return err
		}
		for t := range l.queues {
			q := &l.queues[t]
			later := q.later
			q.later = nil
			q.keep(q.items)
			for _, i := range later {
				l.queue(q, i)
			}
		}
	}
}

// queue lets a recorded message wait in its topic's queue for the mark behind it, or lets a
// mark judge what waits there. The first mark names the run.
func (l *logWriter) queue(q *queue, i *Item) {
	s := &l.log.state
	switch {
	case q.ended:
		q.putLater(i)
	case i.Mark == nil:
		l.hold(q, i)
	case s.Run == "" && i.run == s.Over:
		l.restate = true // a player that was cut off at the end of its run sends the end marks again
	case s.Run == "" || i.run == s.Run:
		s.Run = i.run
		l.judged = q.judge(*i.Mark, s.Frontier, l.judged)
	default:
		l.hold(q, i) // a mark of another run waits like a message of it, and gets the same verdict
	}
}

// hold lets a message wait for its mark. What the topic holds no more becomes a dead letter at
// once, as a direct message does: there may never be a mark.
func (l *logWriter) hold(q *queue, i *Item) {
	t := schemas.RawTopicIndex(i.message.Topic)
	if !q.put(i) && i.message.Offset >= l.log.state.Direct[t] {
		l.direct = append(l.direct, i)
	}
}

// judge holds the messages behind the last mark against the mark of the run that has come,
// and appends those with a problem to problems. It forgets what the log holds already, up
// to the frontier. The verdicts depend on the stretch between the two marks alone, so that
// a restart, which reads it as a whole again, comes to the same.
func (q *queue) judge(mark schemas.Mark, frontier int64, problems []*Item) []*Item {
	if q.last == nil {
		q.last = map[stream]int64{}
	}
	clear(q.last)
	kept := q.items[:q.judged]
	for _, i := range q.items[q.judged:] {
		if p := q.verdict(i, mark); p != nil {
			i.Record, i.problem, i.partial = nil, p, false
		}
		if i.problem != nil {
			problems = append(problems, i)
		}
		if i.Record != nil && i.play > frontier {
			kept = append(kept, i)
		}
	}
	q.keep(kept)
	q.judged, q.unmarked = len(kept), false
	q.mark, q.ended = max(q.mark, mark.Play), mark.End
	return problems
}

// verdict says what is wrong with the place of a message: it belongs to another run, lies
// beyond the mark, or lies behind the mark before it or an earlier message of its stream.
func (q *queue) verdict(i *Item, mark schemas.Mark) *schemas.Problem {
	if i.run != mark.Run {
		return schemas.NewProblem(schemas.WrongRun, "header "+schemas.HeaderRun, i.run,
			"the run in progress, "+mark.Run+": wait for its end, or give the topics a prefix of their own")
	}
	from := stream{i.Record.Patient, i.source}
	least := q.mark + 1
	if before, ok := q.last[from]; ok {
		least = max(least, before)
	}
	switch {
	case i.play > mark.Play:
		return schemas.NewProblem(schemas.Future, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
			"at most "+strconv.FormatInt(mark.Play, 10)+", the mark that follows it")
	case i.play < least:
		return schemas.NewProblem(schemas.OutOfOrder, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
			"at least "+strconv.FormatInt(least, 10)+": a mark or an earlier record of this patient, source and topic came before it")
	}
	q.last[from] = i.play
	return nil
}

// write writes what a step has gathered: first the dead letters, then the log. now is the
// clock by which the direct messages, all of one topic, were judged. over says that the
// run has ended with it.
func (l *logWriter) write(ctx context.Context, topic int, now schemas.Time) (over bool, err error) {
	s := &l.log.state
	s.Step++
	if err := l.sendOn(ctx, topic); err != nil {
		return false, err
	}
	buried, err := l.bury(ctx, topic, now)
	if err != nil {
		return false, err
	}
	if err := l.logDirect(ctx, topic); err != nil {
		return false, err
	}
	merged, over, err := l.merge(ctx)
	if err != nil || !buried && !merged && !l.restate && len(l.direct) == 0 {
		return false, err // what was read is not worth a batch: a restart reads it again
	}
	l.restate = false
	for t := range l.queues {
		s.Next[t], s.Marks[t], s.Ended[t] = l.queues[t].next()
	}
	return over, l.appendBatch(ctx, &l.log)
}

// sendOn sends live messages whose key belongs to another partition to that one, in the
// same raw topic and whole. After a crash some go twice; their identity tells.
func (l *logWriter) sendOn(ctx context.Context, topic int) error {
	var onward map[int][]schemas.Message // by partition
	for _, i := range l.direct {
		if i.reroute < 0 {
			continue
		}
		if onward == nil {
			onward = map[int][]schemas.Message{}
		}
		onward[i.reroute] = append(onward[i.reroute], schemas.Message{Key: i.message.Key, Value: i.message.Value, Headers: i.message.Headers})
	}
	if onward == nil {
		return nil
	}
	for _, partition := range slices.Sorted(maps.Keys(onward)) {
		if _, err := l.tenure.Producer.Append(ctx, schemas.RawTopics[topic], partition, onward[partition]); err != nil {
			return err
		}
	}
	return l.tenure.At("sent on")
}

// bury writes the dead letters of a step, but for those that were written before a crash.
// some says that there were any.
func (l *logWriter) bury(ctx context.Context, topic int, now schemas.Time) (some bool, err error) {
	d := &l.dead.state
	d.Step, d.Run, d.Over = l.log.state.Step, l.log.state.Run, l.log.state.Over
	for _, i := range l.direct {
		if i.problem == nil || i.message.Offset < d.Direct[topic] {
			continue
		}
		if err := l.addLetter(ctx, i); err != nil {
			return false, err
		}
		d.Direct[topic], d.Clock[topic] = i.message.Offset+1, int64(now)
	}
	for _, i := range l.judged {
		t := schemas.RawTopicIndex(i.message.Topic)
		if i.message.Offset < d.Judged[t] {
			continue
		}
		if err := l.addLetter(ctx, i); err != nil {
			return false, err
		}
		d.Judged[t] = i.message.Offset + 1
	}
	if len(l.dead.batch) == 0 {
		return false, nil
	}
	return true, l.appendBatch(ctx, &l.dead)
}

// logDirect adds the live records. Their time is the log's, which goOn moves on; a command
// inside a recorded run leaves the run's time alone and has none of its own.
func (l *logWriter) logDirect(ctx context.Context, topic int) error {
	s := &l.log.state
	moved := false
	for _, i := range l.direct {
		if i.Record == nil {
			continue
		}
		if i.Record.Kind == schemas.KindUse {
			if err := l.askFor(ctx, i.Record.Use.Model); err != nil {
				return err
			}
			s.Direct[topic] = i.message.Offset + 1
			continue
		}
		if i.Record.Kind == schemas.KindCommand && s.Run != "" {
			i.Record.At = 0 // stands for the last time of the patient
		} else {
			if !moved {
				if err := l.goOn(ctx); err != nil {
					return err
				}
				moved = true
			}
			i.Record.At = schemas.Time(s.At)
		}
		if err := l.addRecord(ctx, i.Record, i.message.Key); err != nil {
			return err
		}
		s.Live = s.Live || moved
		s.Direct[topic] = i.message.Offset + 1
	}
	s.Direct[topic] = max(s.Direct[topic], l.queues[topic].read)
	return nil
}

// merge adds the recorded records up to the smallest mark in Compare's order, and a tick at
// the mark. Where the batch of a crashed step was in, the first of them are in the log
// already. over says that every topic has shown the run's end.
func (l *logWriter) merge(ctx context.Context) (merged, over bool, err error) {
	s := &l.log.state
	if s.Run == "" {
		return false, false, nil
	}
	before := s.Frontier
	frontier, over := frontierOf(l.queues)
	if frontier <= before && !over {
		return false, false, nil
	}
	l.merged = l.merged[:0]
	for t := range l.queues {
		l.merged = l.queues[t].upTo(frontier, l.merged)
	}
	slices.SortStableFunc(l.merged, Compare)
	written := 0
	for written < min(s.Part, len(l.merged)) && l.merged[written].play == before+1 {
		written++
	}
	for _, i := range l.merged[written:] {
		if err := l.tickUpTo(ctx, i.play-1); err != nil {
			return false, false, err
		}
		if err := l.addRecord(ctx, i.Record, i.message.Key); err != nil {
			return false, false, err
		}
		if i.play != s.Frontier+1 {
			s.Frontier, s.Part = i.play-1, 0
		}
		s.Part++
	}
	clear(l.merged)
	if frontier > before {
		if err := l.tickUpTo(ctx, frontier-1); err != nil {
			return false, false, err
		}
		if err := l.addPlayTick(ctx, frontier); err != nil {
			return false, false, err
		}
	}
	s.Frontier, s.Part = frontier, 0
	if over {
		for t := range l.queues {
			l.queues[t].ended, l.queues[t].mark = false, -1
		}
		s.Over, s.Run, s.Frontier = s.Run, "", -1
	}
	return true, over, nil
}

// tickUpTo writes a tick at each full hour of playing time that a run passes, so that whoever
// applies the log has the work of one hour at a time for all patients. Where the run leaves out
// more than schemas.MaxUnheard, every stay has ended by then, and nothing is due.
func (l *logWriter) tickUpTo(ctx context.Context, play int64) error {
	const hour = int64(schemas.Hour)
	s := &l.log.state
	last := min(play, s.Frontier+int64(schemas.MaxUnheard)+2*hour)
	for at := (max(s.Frontier, 0)/hour + 1) * hour; at <= last; at += hour {
		if err := l.addPlayTick(ctx, at); err != nil {
			return err
		}
		s.Frontier, s.Part = at, 0
	}
	return nil
}

func (l *logWriter) addPlayTick(ctx context.Context, play int64) error {
	return l.addRecord(ctx, &schemas.Record{Kind: schemas.KindTick, Provenance: schemas.Recorded, Play: play}, tickKey)
}

// addRecord puts a record into the log's batch under a key. A batch that has no room for it
// goes out first, with the log's state as it is: the state must say only behind this call
// that the record is in.
func (l *logWriter) addRecord(ctx context.Context, r *schemas.Record, key []byte) error {
	out := &l.log
	start := len(out.arena)
	out.arena = r.AppendBinary(out.arena)
	if value := out.arena[start:]; out.full(recordBytes+len(key)+len(value), l.worker.batchRecords()) {
		if err := l.appendBatch(ctx, out); err != nil {
			return err
		}
		start, out.arena = 0, append(out.arena, value...)
	}
	out.put(schemas.Message{Key: key, Value: out.arena[start:len(out.arena):len(out.arena)], Headers: logHeaders})
	if r.Patient != "" {
		out.records++
	}
	return nil
}

// appendBatch appends what an outlet has gathered as one batch, which ends with the outlet's
// state. From here on a restart goes by that state.
func (l *logWriter) appendBatch(ctx context.Context, out *outlet) error {
	out.put(out.state.message())
	base, err := l.tenure.Producer.Append(ctx, out.topic, l.tenure.Partition, out.batch)
	if err != nil {
		return err
	}
	if out == &l.log {
		l.end = base + int64(len(out.batch)) - 1
	}
	l.hear()
	l.tenure.Advance()
	l.stats.add(out, &l.log.state)
	out.empty()
	return l.tenure.At(out.point)
}
