package intake

import "math"

// queue holds the recorded messages of one raw topic of a partition on their way through
// the merge.
type queue struct {
	items     []*Item   // read and not yet written, in the order of their offsets
	judged    int       // so many of items stand before a mark that found nothing wrong with them
	stretches []stretch // in which the items stand; the last one may still lack its mark
	later     []*Item   // behind the run's end mark: they are of the next run
	read      int64     // next offset to be read
	mark      int64     // largest mark that was read, -1: none
	ended     bool      // the run's end mark was read

	last map[stream]int64 // judge's memory: the playing time of each stream's newest message
}

// stretch is what lies between two marks. It is judged as a whole, so that a restart must
// read it as a whole.
type stretch struct {
	first int64 // offset of its first recorded message
	mark  int64 // largest mark before it
}

// stream is what must not go back in playing time within a topic.
type stream struct{ patient, source string }

// put adds a message that waits for its mark.
func (q *queue) put(i *Item) {
	if len(q.items) == q.judged {
		q.stretches = append(q.stretches, stretch{i.message.Offset, q.mark})
	}
	q.items = append(q.items, i)
}

// upTo takes out the judged items whose playing time is at most the frontier, and appends
// them to dst.
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

// keep makes kept, which begins where items does, all that is left of the items.
func (q *queue) keep(kept []*Item) {
	clear(q.items[len(kept):])
	q.items = kept
}

// next is where a restart must read on, and what stood before that place: the largest mark,
// and whether the run had ended. The place is the beginning of the first stretch that is
// not written as a whole; where all are written, it is what comes next.
func (q *queue) next() (offset, mark int64, ended bool) {
	if len(q.items) == 0 {
		q.stretches = q.stretches[:0]
		if len(q.later) > 0 {
			return q.later[0].message.Offset, q.mark, q.ended
		}
		return q.read, q.mark, q.ended
	}
	for len(q.stretches) > 1 && q.stretches[1].first <= q.items[0].message.Offset {
		q.stretches = q.stretches[1:]
	}
	return q.stretches[0].first, q.stretches[0].mark, false
}

// frontierOf is the smallest mark of all topics: nothing earlier can come any more. Once
// every topic has shown the run's end it is the largest mark, and over is true.
func frontierOf(queues []queue) (play int64, over bool) {
	low, high, over := int64(math.MaxInt64), int64(-1), true
	for t := range queues {
		q := &queues[t]
		low, high, over = min(low, q.mark), max(high, q.mark), over && q.ended
	}
	if over {
		return high, true
	}
	return low, false
}
