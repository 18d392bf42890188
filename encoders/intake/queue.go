package intake

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"unsafe"

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

	held      int  // bytes that items and later take, about
	stretch   load // of the last stretch, if it still lacks its mark
	unmarked  bool // the last stretch is at its limit: what comes is refused, up to its mark

	last map[stream]int64 // judge's memory: the playing time of each stream's newest message
}

// load is what a stretch has brought so far.
type load struct{ messages, bytes int }

// stretch is what lies between two marks. It is judged as a whole, so that a restart must
// read it as a whole.
type stretch struct {
	first int64 // offset of its first recorded message
	mark  int64 // largest mark before it
}

// stream is what must not go back in playing time within a topic.
type stream struct{ patient, source string }

// put adds a message that waits for its mark. It answers false, and makes a problem of the
// message, where the stretch has brought all that one may. That goes by the stretch alone, so
// that a restart, which reads it as a whole again, comes to the same.
func (q *queue) put(i *Item) bool {
	size := i.slim()
	if len(q.items) == q.judged && !q.unmarked {
		q.stretches = append(q.stretches, stretch{i.message.Offset, q.mark})
		q.stretch = load{}
	}
	if q.unmarked || q.stretch.messages == maxStretchMessages || q.stretch.bytes+size > maxStretchBytes {
		q.unmarked = true
		i.Record, i.partial = nil, false
		i.problem = schemas.NewProblem(schemas.NoMark, "mark", "none behind "+strconv.Itoa(q.stretch.messages)+" messages of the run "+i.run,
			fmt.Sprintf("a progress mark (%s) at least every %d messages and %d MiB in each partition: send one, and this message again behind it", schemas.TypeMark, maxStretchMessages, maxStretchBytes>>20))
		return false
	}
	q.stretch.messages++
	q.stretch.bytes += size
	q.held += size
	q.items = append(q.items, i)
	return true
}

// Limits of a stretch; tests set lower ones.
var maxStretchMessages, maxStretchBytes = schemas.MaxStretchMessages, schemas.MaxStretchBytes

// slim cuts from a message that is to be held what no dead letter will quote, and lets go of
// the memory that it shares with the others of its fetch. It returns what the item takes, in
// bytes, about.
func (i *Item) slim() int {
	if i.size > 0 {
		return i.size
	}
	m := &i.message
	if kept := min(len(m.Value), kafka.MaxDeadPayload); kept < len(m.Value) {
		sum := sha256.Sum256(m.Value)
		i.length, i.sum = len(m.Value), hex.EncodeToString(sum[:])
		m.Value = m.Value[:kept]
	}
	m.Value, m.Key = bytes.Clone(m.Value), bytes.Clone(m.Key)
	i.size = int(unsafe.Sizeof(*i)) + len(m.Value) + 2*len(m.Key) + len(m.Headers)*64
	if r := i.Record; r != nil {
		i.size += int(unsafe.Sizeof(*r)) + cap(r.Observations)*int(unsafe.Sizeof(schemas.Observation{}))
		for k := range r.Observations {
			i.size += len(r.Observations[k].Ref)
		}
	}
	return i.size
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
	for _, i := range q.items {
		q.held += i.size
	}
	for _, i := range q.later {
		q.held += i.size
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
