package intake

import (
	"strconv"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

func partitionOf(key []byte, n int) int { return kafka.PartitionOf(key, n) }

func itoa(n int) string { return strconv.Itoa(n) }

// queue holds the recorded messages of one raw topic of a partition on their way
// through the merge.
type queue struct {
	items    []*Item   // read and not yet written, in offset order
	judged   int       // so many of items stand before a mark and are good
	segments []segment // in which the items stand; the last may lack its mark
	later    []*Item   // what came behind the run's end mark: the next run's
	read     int64     // next offset to be read
	mark     int64     // largest mark that was read, -1: none
	ended    bool      // the run's end mark was read

	last map[sender]int64 // of judge
}

// segment is what lies between two marks. It is judged as a whole, so a restart
// reads it as a whole.
type segment struct {
	first int64 // offset of its first recorded message
	mark  int64 // largest mark before it
}

type sender struct{ patient, source string }

// put adds a message that waits for its mark.
func (q *queue) put(i *Item) {
	if len(q.items) == q.judged {
		q.segments = append(q.segments, segment{i.message.Offset, q.mark})
	}
	q.items = append(q.items, i)
}

// judge holds the messages behind the last mark against the run's mark that has
// come: dead is what belongs to another run, then what lies beyond the mark, then
// what lies behind the mark before it or behind an earlier one of its sender. What
// the log holds already, up to frontier, is forgotten. It appends to problems all
// that have one. The verdicts depend on the segment alone, so a restart repeats them.
func (q *queue) judge(mark schemas.Mark, frontier int64, problems []*Item) []*Item {
	if q.last == nil {
		q.last = map[sender]int64{}
	}
	clear(q.last)
	kept := q.items[:q.judged]
	for _, i := range q.items[q.judged:] {
		q.verdict(i, mark)
		if i.problem != nil {
			problems = append(problems, i)
		}
		if i.Record != nil && i.play > frontier {
			kept = append(kept, i)
		}
	}
	q.keep(kept)
	q.judged = len(kept)
	q.mark, q.ended = max(q.mark, mark.Play), mark.End
	return problems
}

func (q *queue) verdict(i *Item, mark schemas.Mark) {
	if i.run != mark.Run {
		i.kill(schemas.NewProblem(schemas.WrongRun, "header "+schemas.HeaderRun, i.run,
			"the run in progress, "+mark.Run+": wait for its end, or give the topics a prefix of their own"))
		return
	}
	from := sender{i.Record.Patient, i.source}
	least := q.mark + 1
	if before, ok := q.last[from]; ok {
		least = max(least, before)
	}
	switch {
	case i.play > mark.Play:
		i.kill(schemas.NewProblem(schemas.Future, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
			"at most "+strconv.FormatInt(mark.Play, 10)+", the mark that follows it"))
	case i.play < least:
		i.kill(schemas.NewProblem(schemas.OutOfOrder, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
			"at least "+strconv.FormatInt(least, 10)+": a mark or an earlier record of this patient, source and topic came before it"))
	default:
		q.last[from] = i.play
	}
}

// kill makes a dead letter of the item.
func (i *Item) kill(p *schemas.Problem) { i.Record, i.problem, i.partial = nil, p, false }

// keep forgets all items but the first of the same list.
func (q *queue) keep(kept []*Item) {
	clear(q.items[len(kept):])
	q.items = kept
}

// next is where a restart must read on: at the first segment that is not written
// whole, else at what comes next; and what stood before it, the largest mark and
// the run's end.
func (q *queue) next() (offset, mark int64, ended bool) {
	if len(q.items) == 0 {
		q.segments = q.segments[:0]
		if len(q.later) > 0 {
			return q.later[0].message.Offset, q.mark, q.ended
		}
		return q.read, q.mark, q.ended
	}
	for len(q.segments) > 1 && q.segments[1].first <= q.items[0].message.Offset {
		q.segments = q.segments[1:]
	}
	return q.segments[0].first, q.segments[0].mark, false
}

// upTo removes and returns the judged items whose play is at most the frontier.
func (q *queue) upTo(frontier int64, dst []*Item) []*Item {
	kept, judged := q.items[:0], 0
	for k, i := range q.items {
		switch {
		case k >= q.judged:
			kept = append(kept, i)
		case i.play <= frontier:
			dst = append(dst, i)
		default:
			kept = append(kept, i)
			judged++
		}
	}
	q.keep(kept)
	q.judged = judged
	return dst
}
