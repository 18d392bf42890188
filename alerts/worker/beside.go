package worker

import (
	"sync"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/score"
)

// beside is what is known of a partition beside its outputs: what its model has met, and how the
// model in the shadow agrees with it.
type beside struct {
	mu        sync.Mutex
	model     *fusion.Model
	drift     *fusion.Drift
	agreement score.Agreement
}

// note takes over what a state has counted.
func (b *beside) note(m *monitor.Monitor, s *monitor.Partition) {
	drift, agreement := s.Drift(), s.Agreement()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.agreement = agreement
	switch {
	case drift == nil:
		b.model, b.drift = nil, nil
		return
	case b.model != m.Model:
		b.model, b.drift = m.Model, m.Model.NewDrift()
	}
	if b.drift != nil {
		b.drift.Set(drift)
	}
}

// Agreement is how a model in the shadow agrees with the served one, of all partitions together,
// since each began to be worked.
func (s *Service) Agreement() (all score.Agreement) {
	for _, row := range s.stats.Rows() {
		row.beside.mu.Lock()
		all.Merge(row.beside.agreement)
		row.beside.mu.Unlock()
	}
	return all
}

// Drift is what a model has met in the partitions that it serves; nil where it serves none, or has
// no description to hold that against.
func (s *Service) Drift(model *fusion.Model) (all *fusion.Drift) {
	for _, row := range s.stats.Rows() {
		b := &row.beside
		b.mu.Lock()
		if b.drift != nil && b.model == model {
			if all == nil {
				all = model.NewDrift()
			}
			all.Add(b.drift)
		}
		b.mu.Unlock()
	}
	return all
}

// Serving are the models that serve in the partitions and have a description.
func (s *Service) Serving() (list []*fusion.Model) {
	seen := map[*fusion.Model]bool{}
	for _, row := range s.stats.Rows() {
		row.beside.mu.Lock()
		if m := row.beside.model; m != nil && !seen[m] {
			seen[m] = true
			list = append(list, m)
		}
		row.beside.mu.Unlock()
	}
	return list
}
