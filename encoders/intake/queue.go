package intake

import (
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/schemas"
)

func partitionOf(key []byte, n int) int { return ingest.PartitionOf(key, n) }

func itoa(n int) string { return strconv.Itoa(n) }

// queue is one raw topic of a partition on its way through the merge.
type queue struct {
	items []Item // read and not yet written, in offset order
	read  int64  // next offset to be read
	mark  int64  // largest mark that was read, -1: none
	ended bool   // the run's end mark was read
	since int    // items behind the last mark: not checked against a mark yet
}

type sender struct{ patient, source string }

// take adds an item that was read, and judges what run and marks can judge.
func (q *queue) take(i Item, run string) {
	q.read = i.message.Offset + 1
	if i.run != "" && i.run != run && i.problem == nil {
		i.Mark = nil
		i.kill(schemas.NewProblem(schemas.WrongRun, "header "+schemas.HeaderRun, i.run,
			"the run in progress, "+run+": wait for its end, or give the topics a prefix of their own"))
	}
	if i.Mark != nil {
		q.judge(i.Mark.Play)
		q.mark = max(q.mark, i.Mark.Play)
		q.ended = q.ended || i.Mark.End
		return
	}
	if i.Record == nil || i.run == "" {
		// It has no place of its own: it goes with what was read before it.
		i.play = max(q.mark, 0)
		if n := len(q.items); n > 0 {
			i.play = max(i.play, q.items[n-1].play)
		}
	}
	i.behind = q.mark
	q.items = append(q.items, i)
	q.since++
}

// judge holds the recorded items behind the last mark against the one that has
// come: first what lies beyond it is dead, then what lies behind the mark before
// it or behind an earlier item of its sender.
func (q *queue) judge(mark int64) {
	last := map[sender]int64{}
	for k := len(q.items) - q.since; k < len(q.items); k++ {
		i := &q.items[k]
		if i.run == "" || i.Record == nil {
			i.play = min(i.play, mark)
			continue
		}
		from := sender{i.Record.Patient, i.source}
		least := q.mark + 1
		if before, ok := last[from]; ok {
			least = max(least, before)
		}
		switch {
		case i.play > mark:
			i.kill(schemas.NewProblem(schemas.Future, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
				"at most "+strconv.FormatInt(mark, 10)+", the mark that follows it"))
			i.play = mark
		case i.play < least:
			i.kill(schemas.NewProblem(schemas.OutOfOrder, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
				"at least "+strconv.FormatInt(least, 10)+": a mark or an earlier record of this patient, source and topic came before it"))
		default:
			last[from] = i.play
		}
	}
	q.since = 0
}

// kill makes a dead letter of the item.
func (i *Item) kill(p *schemas.Problem) { i.Record, i.problem, i.partial = nil, p, false }

// next is where a restart must read on: the first item that is not written, else
// what comes next; and what stood before it, the largest mark and the run's end.
func (q *queue) next() (offset, mark int64, ended bool) {
	if len(q.items) > 0 {
		return q.items[0].message.Offset, q.items[0].behind, false
	}
	return q.read, q.mark, q.ended
}

// upTo removes and returns the items whose play is at most the frontier. Items
// behind the last mark stay: no mark has said yet that they are whole.
func (q *queue) upTo(frontier int64, dst []Item) []Item {
	whole := len(q.items) - q.since
	kept := q.items[:0]
	for k := range q.items {
		if k < whole && q.items[k].play <= frontier {
			dst = append(dst, q.items[k])
		} else {
			kept = append(kept, q.items[k])
		}
	}
	clear(q.items[len(kept):])
	q.items = kept
	return dst
}

// liveItems removes and returns live items and dead ones that stand before any
// recorded item: they wait for nothing.
func (q *queue) liveItems(dst []Item) []Item {
	n := slices.IndexFunc(q.items, func(i Item) bool { return i.run != "" })
	if n < 0 {
		n = len(q.items)
	}
	dst = append(dst, q.items[:n]...)
	q.items = slices.Delete(q.items, 0, n)
	q.since = min(q.since, len(q.items))
	return dst
}
