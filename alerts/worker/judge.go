package worker

import (
	"context"
	"fmt"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// judgeOf is the monitor that the log asks for: the service's own, or one that the shelf has the
// parts of. Where there is none it is the service's own, which refuses.
func (s *Service) judgeOf(u schemas.Use) *monitor.Monitor {
	if !s.Monitor.Has(u) {
		if m := s.Shelf.Find(u); m != nil {
			return m
		}
	}
	return s.Monitor
}

// judgeLoaded makes the state of what the store holds, by the monitor that it asks for.
func (a *applier) judgeLoaded(stored *window.StoredPartition) (err error) {
	a.monitor = a.service.Monitor
	if a.state, err = a.monitor.LoadPartition(stored); err != nil {
		return err
	}
	if judge := a.service.judgeOf(a.state.Asks()); judge != a.monitor {
		a.monitor = judge
		a.state, err = judge.LoadPartition(stored)
	}
	return err
}

// switchTo hands the partition to the monitor that a use record asks for. The store has all
// that records in front of it changed.
func (a *applier) switchTo(ctx context.Context, judge *monitor.Monitor) error {
	stored, err := a.fetch(ctx)
	if err != nil {
		return err
	}
	if stored.Applied != a.applied {
		return a.torn(ctx, fmt.Errorf("the store stands at %d behind offset %d: %w", stored.Applied, a.applied, window.ErrTorn))
	}
	if a.state, err = judge.TakeOver(a.state, stored); err != nil {
		return a.torn(ctx, fmt.Errorf("%w: %w", window.ErrTorn, err))
	}
	a.monitor = judge
	a.wanted = a.wanted[:0]
	return nil
}
