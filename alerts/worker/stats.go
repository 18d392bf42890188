package worker

import (
	"sync"
	"sync/atomic"
)

// Stats are what a service has done with one partition since it was made. They
// are for people: nothing is decided by them. A record that is applied again
// after a crash of the store is counted again.
type Stats struct {
	Applied    atomic.Int64 // log offset of the last record whose outputs are out; -1: none
	Records    atomic.Int64 // applied log records
	Duplicates atomic.Int64
	Scores     atomic.Int64
	Alerts     atomic.Int64 // revisions
	Foreign    atomic.Int64 // records in the log that are not intake's
	OpenStays  atomic.Int64
}

type statsTable struct {
	mu   sync.Mutex
	rows []*Stats
}

func (t *statsTable) of(partition int) *Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.rows) <= partition {
		s := &Stats{}
		s.Applied.Store(-1)
		t.rows = append(t.rows, s)
	}
	return t.rows[partition]
}

// Stats returns the statistics of a partition; they move while it is worked.
func (s *Service) Stats(partition int) *Stats { return s.stats.of(partition) }
