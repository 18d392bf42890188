package intake

import (
	"context"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/schemas"
)

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
