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
	last  map[sender]int64
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
	switch {
	case i.Mark != nil:
		for k := len(q.items) - q.since; k < len(q.items); k++ {
			if it := &q.items[k]; it.run != "" && it.Record != nil && it.play > i.Mark.Play {
				it.kill(schemas.NewProblem(schemas.Future, "header "+schemas.HeaderPlay, strconv.FormatInt(it.play, 10),
					"at most "+strconv.FormatInt(i.Mark.Play, 10)+", the mark that follows it"))
				it.play = i.Mark.Play
			}
		}
		q.since = 0
		q.mark = max(q.mark, i.Mark.Play)
		q.ended = q.ended || i.Mark.End
		clear(q.last)
		return
	case i.run != "" && i.Record != nil:
		q.inOrder(&i)
	}
	if i.Record == nil || i.run == "" {
		// It has no place of its own: it goes with what was read before it.
		i.play = max(q.mark, 0)
		if n := len(q.items); n > 0 {
			i.play = max(i.play, q.items[n-1].play)
		}
	}
	q.items = append(q.items, i)
	q.since++
}

// inOrder kills a recorded item that is behind a mark or an earlier item of its
// sender.
func (q *queue) inOrder(i *Item) {
	if q.last == nil {
		q.last = map[sender]int64{}
	}
	key := sender{i.Record.Patient, i.source}
	least := q.mark + 1
	if before, ok := q.last[key]; ok {
		least = max(least, before)
	}
	if i.play < least {
		i.kill(schemas.NewProblem(schemas.OutOfOrder, "header "+schemas.HeaderPlay, strconv.FormatInt(i.play, 10),
			"at least "+strconv.FormatInt(least, 10)+": a mark or an earlier record of this patient, source and topic came before it"))
		return
	}
	q.last[key] = i.play
}

// kill makes a dead letter of the item.
func (i *Item) kill(p *schemas.Problem) { i.Record, i.problem, i.partial = nil, p, false }

// next is the offset from which a restart must read, once everything up to the
// frontier is written: the first item that is not, else what comes next.
func (q *queue) next() int64 {
	if len(q.items) > 0 {
		return q.items[0].message.Offset
	}
	return q.read
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
