package intake

import (
	"sync"
	"sync/atomic"

	"github.com/vigil-icu/vigil/schemas"
)

// Stats are what intake did with a partition since the process began; safe to
// read at any time.
type Stats struct {
	Records  atomic.Int64                         // written to the log
	Frontier atomic.Int64                         // playing time up to which a run is written
	next     [len(schemas.RawTopics)]atomic.Int64 // raw offset up to which the log is written
	mu       sync.Mutex
	reasons  map[schemas.Reason]int64
}

func (w *Worker) statsOf(partition int) *Stats {
	s, _ := w.stats.LoadOrStore(partition, &Stats{reasons: map[schemas.Reason]int64{}})
	return s.(*Stats)
}

func (s *Stats) note(items []Item, done *progress) {
	n := int64(0)
	for i := range items {
		if items[i].Record != nil {
			n++
		}
	}
	s.Records.Add(n)
	s.Frontier.Store(done.Frontier)
	for t, next := range done.Next {
		s.next[t].Store(next)
	}
}

func (s *Stats) dead(r schemas.Reason) {
	s.mu.Lock()
	s.reasons[r]++
	s.mu.Unlock()
}

// Totals sums all partitions: records written, and dead letters by reason.
func (w *Worker) Totals() (records int64, dead map[schemas.Reason]int64) {
	dead = map[schemas.Reason]int64{}
	w.stats.Range(func(_, value any) bool {
		s := value.(*Stats)
		records += s.Records.Load()
		s.mu.Lock()
		for r, n := range s.reasons {
			dead[r] += n
		}
		s.mu.Unlock()
		return true
	})
	return records, dead
}

// Passed says whether the log holds everything of a partition below the given
// offset of each raw topic (an index into schemas.RawTopics).
func (w *Worker) Passed(partition int, end func(topic int) int64) bool {
	s := w.statsOf(partition)
	for t := range s.next {
		if s.next[t].Load() < end(t) {
			return false
		}
	}
	return true
}
