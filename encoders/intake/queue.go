package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

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

	held     int  // bytes that items and later take, about
	most     load // of a stretch
	stretch  load // of the last stretch, if it still lacks its mark
	unmarked bool // the last stretch is at its limit: what comes is refused, up to its mark

	last map[stream]int64 // judge's memory: the playing time of each stream's newest message
}

// load is what a stretch has brought so far, or may bring.
type load struct{ messages, bytes int }

// stretch is what lies between two marks. It is judged as a whole, so that a restart must
// read it as a whole.
type stretch struct {
	first int64 // offset of its first recorded message
	mark  int64 // largest mark before it
}

// stream is what must not go back in playing time within a topic.
type stream struct{ patient, source string }

// put adds a copy of a message that waits for its mark. It answers false, and makes a problem
// of the message, where the stretch has brought all that one may. That goes by the stretch
// alone, so that a restart, which reads it as a whole again, comes to the same.
func (q *queue) put(i *Item) bool {
	size := i.cost()
	if len(q.items) == q.judged && !q.unmarked {
		q.stretches = append(q.stretches, stretch{i.message.Offset, q.mark})
		q.stretch = load{}
	}
	if q.unmarked || q.stretch.messages == q.most.messages || q.stretch.bytes+size > q.most.bytes {
		q.unmarked = true
		i.Record, i.partial = nil, false
		i.problem = schemas.NewProblem(schemas.NoMark, "mark", "none since "+strconv.Itoa(q.stretch.messages)+" messages",
			fmt.Sprintf("a progress mark (%s) at least every %d messages and %d MiB, in each partition: send one, and then this message again", schemas.TypeMark, q.most.messages, q.most.bytes>>20))
		return false
	}
	q.stretch.messages++
	q.stretch.bytes += size
	q.items = append(q.items, q.kept(i))
	return true
}

// putLater adds a copy of a message that waits for the run's end in the other topics.
func (q *queue) putLater(i *Item) { q.later = append(q.later, q.kept(i)) }

// kept is a copy of an item of which a message is cut to what a dead letter quotes, and which
// shares no memory with the others of its fetch.
func (q *queue) kept(i *Item) *Item {
	if i.size == 0 {
		one := *i
		one.size = i.cost()
		m := &one.message
		if len(m.Value) > kafka.MaxDeadPayload {
			sum := sha256.Sum256(m.Value)
			one.length, one.sum = len(m.Value), hex.EncodeToString(sum[:])
		}
		m.Value, m.Key = bytes.Clone(m.Value[:min(len(m.Value), kafka.MaxDeadPayload)]), bytes.Clone(m.Key)
		i = &one
	}
	q.held += i.size
	return i
}

// cost is what an item takes while it waits, in bytes, about. It decides what is refused, so it
// goes by the message alone and must stay the same over versions.
func (i *Item) cost() int {
	if i.size > 0 {
		return i.size
	}
	n := 512 + 2*len(i.message.Key) + min(len(i.message.Value), kafka.MaxDeadPayload)
	if i.Record != nil {
		n += 64 * len(i.Record.Observations)
	}
	return n
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
	q.held = 0
	for _, list := range [...][]*Item{q.items, q.later} {
		for _, i := range list {
			q.held += i.size
		}
	}
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
