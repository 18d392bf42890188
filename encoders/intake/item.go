package intake

import (
	"cmp"
	"strconv"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Item is a raw message after decoding: a record, a problem, or both.
type Item struct {
	Record *schemas.Record // nil: nothing of the message is left
	Mark   *schemas.Mark   // set where the message is a progress mark

	message  schemas.Message // what a dead letter quotes
	length   int             // of the message, where it is cut, with its hash
	sum      string
	size     int               // what the item takes while it is held, in bytes, about; see cost
	problem  *schemas.Problem  // what is wrong with the message, or with a part of it
	more     []schemas.Problem // the other faults of the message
	partial  bool              // the rest of the message went on
	run      string            // empty: the message is live
	play     int64             // playing time, ms
	source   string
	earliest schemas.Time // event time of the earliest value, of a recorded one
	reroute  int          // the partition that the key belongs to, -1: this one
}

// direct says whether the message waits for no mark: a live one, and a recorded one of
// which nothing is left. It goes by the message alone, and not by what else was read, so
// that a restart says the same.
func (i *Item) direct() bool { return i.Mark == nil && (i.run == "" || i.Record == nil) }

// maxOnward is the largest message that is sent on to its right partition, in bytes: with
// what stands around it, it must fit the topic without compression.
const maxOnward = kafka.MaxMessageBytes - 64<<10

// Decode reads a raw message of a topic with n partitions. now is intake's clock, by which a
// live event is judged and dated. It never fails: what is wrong is the item's problem, and
// becomes its dead letter.
func Decode(e *record.Encoder, m *schemas.Message, n int, now schemas.Time) Item {
	i := Item{message: *m, reroute: -1}
	if m.Unread != nil {
		i.problem = m.Unread
		return i
	}
	kind, _ := m.Header(schemas.HeaderType)
	if kind == schemas.TypeMark {
		mark, _, problem := schemas.ParseMark(m)
		if problem == nil {
			i.Mark, i.run, i.play = &mark, mark.Run, mark.Play
		}
		i.problem = problem
		return i
	}
	if kind == schemas.TypeHanded {
		i.Record, i.problem = record.Handed(m, now)
		if i.Record != nil {
			i.source = i.Record.Source
		}
		return i
	}
	i.source, _ = m.Header(schemas.HeaderSource)
	i.source = i.source[:min(len(i.source), schemas.MaxID)] // the source is not checked yet
	if kind == schemas.TypeUse {
		var c schemas.UseCommand
		if c, i.problem = schemas.ParseUseCommand(m); i.problem == nil {
			i.Record = &schemas.Record{Kind: schemas.KindUse, Use: &schemas.Use{Model: c.Model}}
		}
		return i
	}
	i.run, _ = m.Header(schemas.HeaderRun)
	ev, problem := e.Decode(m, now)
	if problem != nil {
		i.problem = problem
		return i
	}
	i.source, i.run, i.play = ev.Source, ev.Run, ev.Play
	if ev.Run != "" {
		i.earliest = ev.EventTime
	}
	if right := kafka.PartitionOf(m.Key, n); right != m.Partition {
		if ev.Run != "" || len(m.Value) > maxOnward {
			i.problem = schemas.NewProblem(schemas.BadKey, "partition", strconv.Itoa(m.Partition), strconv.Itoa(right)+": murmur2 of the key, as the Java client does")
		} else {
			i.reroute = right // its values are judged there
		}
		return i
	}
	var problems []schemas.Problem
	i.Record, problems = e.Record(ev, m, now)
	if len(problems) > 0 {
		i.problem, i.more, i.partial = &problems[0], problems[1:min(len(problems), schemas.MaxFaults)], i.Record != nil
	}
	return i
}

// decodeShort does what Decode does, in memory of the caller's, for a live vitals message of
// the short form that has nothing wrong with it. It returns false for all others, which are
// left to Decode.
func decodeShort(e *record.Encoder, s *schemas.ShortReader, m *schemas.Message, n int, now schemas.Time, i *Item, r *schemas.Record) bool {
	if m.Unread != nil || !e.RecordShort(s, m, now, r) || kafka.PartitionOf(m.Key, n) != m.Partition {
		return false
	}
	*i = Item{Record: r, message: *m, source: r.Source, reroute: -1}
	return true
}

// Compare is the order of recorded events in the log: playing time, movements before all
// else, earliest event time, topic, patient, source, sequence, content. It does not look at
// how they came, so that the log's order depends on the data alone. Both items must have a
// record.
func Compare(a, b *Item) int {
	return cmp.Or(
		cmp.Compare(a.Record.Play, b.Record.Play),
		cmp.Compare(movementLast(a), movementLast(b)),
		cmp.Compare(a.earliest, b.earliest),
		cmp.Compare(a.Record.TopicIndex, b.Record.TopicIndex),
		cmp.Compare(a.Record.Patient, b.Record.Patient),
		cmp.Compare(a.Record.Source, b.Record.Source),
		cmp.Compare(a.Record.Seq, b.Record.Seq),
		cmp.Compare(a.Record.Hash, b.Record.Hash),
	)
}

func movementLast(i *Item) int {
	if i.Record.TopicIndex == 0 { // schemas.RawTopics begins with the movements
		return 0
	}
	return 1
}
