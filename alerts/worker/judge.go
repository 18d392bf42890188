package worker

import (
	"context"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Models finds a model that `vigil model use` has put where all workers look, by the SHA-256 of
// its file or the beginning of that. It is nil where there is none.
type Models interface {
	Model(ctx context.Context, hash string) (*fusion.Model, error)
}

// judgeOf is the monitor that the log asks for: the service's own, one that the shelf has the
// parts of, or one with a model that was put where all workers look. Where there is none it is
// the service's own, which refuses.
func (s *Service) judgeOf(ctx context.Context, u schemas.Use) (*monitor.Monitor, error) {
	if s.Monitor.Has(u) {
		return s.Monitor, nil
	}
	shelf := monitor.Shelf{Models: s.Shelf.Models, Policies: append(slices.Clone(s.Shelf.Policies), s.Monitor.Policy)}
	if m := shelf.Find(u); m != nil {
		m.Shadow = s.Monitor.Shadow
		return m, nil
	}
	if s.Models == nil || u.Model == "" || u.Model == schemas.NoModel {
		return s.Monitor, nil
	}
	var model *fusion.Model
	err := s.retryStore(ctx, func() (err error) {
		model, err = s.Models.Model(ctx, u.Model)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("the model %s, which the log asks for: %w", u.Model, err)
	}
	if model != nil {
		shelf.Models = []*fusion.Model{model}
		if m := shelf.Find(u); m != nil {
			m.Shadow = s.Monitor.Shadow
			return m, nil
		}
	}
	return s.Monitor, nil
}

// judgeLoaded makes the state of what the store holds, by the monitor that it asks for.
func (a *applier) judgeLoaded(ctx context.Context, stored *window.StoredPartition) (torn, err error) {
	a.monitor = a.service.Monitor
	if a.state, torn = a.monitor.LoadPartition(stored); torn != nil {
		return torn, nil
	}
	return a.judgeBy(ctx, stored, a.state.Asks())
}

// judgeBy makes the state anew where another monitor is asked for than that which made it.
func (a *applier) judgeBy(ctx context.Context, stored *window.StoredPartition, u schemas.Use) (torn, err error) {
	judge, err := a.service.judgeOf(ctx, u)
	if err != nil || judge == a.monitor || judge.Use() == a.monitor.Use() {
		return nil, err
	}
	a.monitor = judge
	a.state, torn = judge.LoadPartition(stored)
	return torn, nil
}

// mostBefore is how far in front of an offset is looked for what the log asks for there: each
// batch of intake's says it, and is far shorter.
const mostBefore = 1 << 13

// askLog goes by what the log asks for where it is read on from. The store knows it by the
// patients that it holds, and those who had changed since may be gone; a rebuild may begin behind
// the record that asked.
func (a *applier) askLog(ctx context.Context, stored *window.StoredPartition, from int64) error {
	var u schemas.Use
	m, found, err := a.service.Cluster.LastBefore(ctx, schemas.TopicLog, a.tenure.Partition, from, mostBefore, func(m *schemas.Message) bool {
		_, tells := asksFor(m)
		return tells
	})
	if err == nil && !found {
		m, found, err = a.firstAsk(ctx, from)
	}
	if err != nil || !found {
		return err
	}
	u, _ = asksFor(&m)
	torn, err := a.judgeBy(ctx, stored, u)
	if err == nil && torn != nil {
		return a.torn(ctx, fmt.Errorf("%w: %w", window.ErrTorn, torn))
	}
	if err != nil {
		return err
	}
	if a.monitor.Has(u) {
		u = a.monitor.Use()
	}
	a.state.AskFor(u, m.Offset)
	return nil
}

// firstAsk finds in a log whose beginning retention has taken, up to where it is read on from, what
// it asks for there: the end of the first batch tells, unless another is asked for within it.
func (a *applier) firstAsk(ctx context.Context, from int64) (m schemas.Message, found bool, err error) {
	first, next, err := a.service.Cluster.Ends(ctx, schemas.TopicLog)
	p := a.tenure.Partition
	if err != nil || from > first[p] || first[p] == 0 || from >= next[p] {
		return m, false, err
	}
	records, err := a.service.Cluster.NewReader(schemas.TopicLog, p, from).Read(ctx, mostBefore)
	for i := range records {
		if _, tells := asksFor(&records[i]); tells {
			kind, _ := records[i].Header(schemas.HeaderType)
			return records[i], kind == schemas.TypeOffsets, err
		}
	}
	return m, false, err
}

// asksFor is what a record of the log says that it asks for behind it.
func asksFor(m *schemas.Message) (u schemas.Use, tells bool) {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeLog {
		return intake.Asked(m)
	}
	r, err := schemas.DecodeRecord(m.Value) // one that cannot be read is told when it is applied
	if err != nil || r.Use == nil {
		return u, false
	}
	return *r.Use, true
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
