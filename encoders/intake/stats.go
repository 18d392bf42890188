package intake

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/vigil-icu/vigil/schemas"
)

// Stats are what intake did with a partition since the process began. They are for people
// and for a replay that waits for its end; nothing is decided by them. They are safe to
// read at any time.
type Stats struct {
	Records  atomic.Int64 // written to the log
	Frontier atomic.Int64 // playing time up to which a run is written, ms; -1: none, the largest number: all
	Held     atomic.Int64 // recorded messages that wait for a mark or for the run's end elsewhere
	Lost     atomic.Int64 // raw messages that were gone before they were read
	LiveTime atomic.Int64 // the log's time for live events; 0: it has none

	// Next is, by schemas.RawTopics, the offset that comes behind what is written or held.
	Next [len(schemas.RawTopics)]atomic.Int64

	mu      sync.Mutex
	reasons map[schemas.Reason]int64 // of dead letters
}

// Stats returns the statistics of a partition, which move while it is worked.
func (w *Worker) Stats(partition int) *Stats {
	return w.stats.Row(partition, func() *Stats {
		s := &Stats{reasons: map[schemas.Reason]int64{}}
		s.Frontier.Store(-1)
		return s
	})
}

// add takes in a batch that was written, and where the log stands after it.
func (s *Stats) add(out *outlet, log *progress) {
	s.Records.Add(out.records)
	if log.Live {
		s.LiveTime.Store(log.At)
	}
	if len(out.reasons) > 0 {
		s.mu.Lock()
		for _, r := range out.reasons {
			s.reasons[r]++
		}
		s.mu.Unlock()
	}
	if log.Run == "" && log.Over != "" {
		s.Frontier.Store(math.MaxInt64) // the run is over
	} else {
		s.Frontier.Store(log.Frontier)
	}
}

// Totals sums all partitions: records written, and dead letters by reason.
func (w *Worker) Totals() (records int64, dead map[schemas.Reason]int64) {
	dead = map[schemas.Reason]int64{}
	for _, s := range w.stats.Rows() {
		records += s.Records.Load()
		s.mu.Lock()
		for r, n := range s.reasons {
			dead[r] += n
		}
		s.mu.Unlock()
	}
	return records, dead
}

// Held is how many recorded messages wait for a mark, or for the run's end in other topics.
func (w *Worker) Held() (messages int64) {
	for _, s := range w.stats.Rows() {
		messages += s.Held.Load()
	}
	return messages
}

// Reached says whether the log of a partition holds a run up to a playing time (ms), or the
// whole run.
func (w *Worker) Reached(partition int, play int64) bool {
	return w.Stats(partition).Frontier.Load() >= play
}
