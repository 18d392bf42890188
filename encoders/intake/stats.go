package intake

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/vigil-icu/vigil/schemas"
)

// Stats are what intake did with a partition since the process began; safe to
// read at any time.
type Stats struct {
	Records  atomic.Int64 // written to the log
	Frontier atomic.Int64 // playing time up to which a run is written
	Lost     atomic.Int64 // raw messages that were gone before they were read
	mu       sync.Mutex
	reasons  map[schemas.Reason]int64
}

func (w *Worker) statsOf(partition int) *Stats {
	s, _ := w.stats.LoadOrStore(partition, newStats())
	return s.(*Stats)
}

func newStats() *Stats {
	s := &Stats{reasons: map[schemas.Reason]int64{}}
	s.Frontier.Store(-1)
	return s
}

// note takes in a batch that was written, and where the log stands.
func (s *Stats) note(out *output, log *progress) {
	s.Records.Add(out.records)
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

// Reached says whether the log of a partition holds a run up to a playing time,
// or the whole run.
func (w *Worker) Reached(partition int, play int64) bool {
	return w.statsOf(partition).Frontier.Load() >= play
}
