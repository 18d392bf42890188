package monitor

import (
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Monitor is what Step is a function of beside the log. It is immutable and may
// serve many partitions at once.
type Monitor struct {
	Model    *fusion.Model // nil: no risks, NEWS2 only
	Policy   *alerts.Policy
	Settings Settings
}

// Settings of a monitor. All of them change outputs.
type Settings struct {
	// ScoreInterval is the least patient time between two scores after records;
	// 0: one minute, EveryRecord: none.
	ScoreInterval schemas.Time
	// Inputs says which scores list the observations behind NEWS2; empty: all.
	Inputs Inputs
}

// EveryRecord, as score interval, makes a score due after every record.
const EveryRecord schemas.Time = -1

// Inputs is the setting `inputs`.
type Inputs string

// InputsAll lists them in every score, InputsAlerting only in those that raise
// something.
const (
	InputsAll      Inputs = "all"
	InputsAlerting Inputs = "alerting"
)

// Validate says what is wrong with the settings.
func (s Settings) Validate() error {
	if s.ScoreInterval < EveryRecord || s.ScoreInterval > schemas.Hour {
		return fmt.Errorf("score_interval %d ms: want at most one hour, 0 (one minute) or -1 (every record)", s.ScoreInterval)
	}
	if s.Inputs != "" && s.Inputs != InputsAll && s.Inputs != InputsAlerting {
		return fmt.Errorf("inputs %q: want all or alerting", s.Inputs)
	}
	return nil
}

// ErrUnknownUse is what Step answers where the log asks for a model or a policy
// which this monitor does not hold, in a use record or in one before: it must not
// go on with another.
var ErrUnknownUse = errors.New("the log asks for another model or policy")

// Output is one record that a log record caused.
type Output struct {
	Position window.Position // the log record, and which of its outputs this is
	Topic    string          // schemas.TopicScores, TopicAlerts or TopicAlertStates
	Type     string          // schemas.TypeScore or TypeAlert
	ID       string          // of the score or alert
	Key      string          // the patient; on TopicAlertStates the alert's id
	Value    []byte          // JSON
}

// Step moves the partition by one record of its log, at offset, and appends to
// dst what that caused. Time passes first: all that falls due up to and including
// the record's `at` is done, each at its own time; then the record is applied.
// The only error is ErrUnknownUse; the partition is then as it was. Step keeps
// strings of the record, but not its list of observations.
func (m *Monitor) Step(s *Partition, rec *schemas.Record, offset int64, dst []Output) ([]Output, error) {
	t := turn{m: m, s: s, offset: offset, first: len(dst), out: dst}
	if rec.Kind != schemas.KindUse && s.use.at >= 0 {
		if err := m.holds(&s.use); err != nil {
			return dst, err
		}
	}
	if g := &s.use.gap; g.at >= 0 && g.until == never && rec.Provenance&schemas.Recorded == 0 && rec.Kind != schemas.KindUse {
		g.until = rec.At + schemas.Reach
	}
	switch rec.Kind {
	case schemas.KindUse:
		return dst, m.accept(s, rec.Use, offset)
	case schemas.KindGap:
		s.setGap(gap{offset, rec.At + schemas.Reach})
		return dst, nil
	case schemas.KindTick:
		t.tick(rec)
		return t.out, nil
	}
	s.whole = m.whole()
	p := s.patient(rec, offset)
	s.touch(p)
	t.p = p
	at := max(p.clock, rec.At)
	t.advance(at)
	p.clock = at
	if rec.Provenance&schemas.Recorded != 0 {
		p.bound, p.offset = true, int64(rec.At)-rec.Play
	} else {
		s.live = max(s.live, at)
	}
	if t.apply(rec) {
		s.counts.Records++
	} else {
		s.counts.Duplicates++
	}
	p.latest = offset
	p.refresh(m.Policy)
	return t.out, nil
}

// accept notes what the log asks for from here on, if this monitor has it.
func (m *Monitor) accept(s *Partition, u *schemas.Use, offset int64) error {
	if u == nil {
		return nil
	}
	asked := use{at: offset, model: u.Model, policy: u.Policy, gap: s.use.gap}
	if err := m.holds(&asked); err != nil {
		return err
	}
	s.use = asked
	return nil
}

// holds says whether the monitor has what the log asks for. An empty hash asks for
// nothing.
func (m *Monitor) holds(u *use) error {
	if model := m.modelHash(); u.model != "" && u.model != model {
		return fmt.Errorf("%w: at offset %d it asks for model %s, this monitor has %q; start it with that model, or begin another log", ErrUnknownUse, u.at, u.model, model)
	}
	if u.policy != "" && u.policy != m.Policy.Hash() {
		return fmt.Errorf("%w: at offset %d it asks for policy %s, this monitor has %s; start it with that policy, or begin another log", ErrUnknownUse, u.at, u.policy, m.Policy.Hash())
	}
	return nil
}

// turn is one call of Step.
type turn struct {
	m      *Monitor
	s      *Partition
	p      *patient
	offset int64
	first  int // where this record's outputs begin in out
	out    []Output
}

// tick lets time pass for the open stays that it concerns: those of a run if it
// carries playing time, else the live ones.
func (t *turn) tick(rec *schemas.Record) {
	t.s.counts.Ticks++
	if rec.Provenance&schemas.Recorded == 0 {
		t.s.live = max(t.s.live, rec.At)
	}
	for i := 0; i < len(t.s.open); {
		p := t.s.open[i]
		if at := p.tickAt(rec); p.due <= at {
			t.p = p
			t.s.touch(p)
			t.ahead(t.s.open[i:], rec)
			t.advance(at)
		}
		if i < len(t.s.open) && t.s.open[i] == p { // else its stay has ended
			i++
		}
	}
	t.s.scratch.model.ahead = t.s.scratch.model.ahead[:0]
}

// tickAt is the patient's time as a tick tells it; never, if it is not for the patient.
func (p *patient) tickAt(rec *schemas.Record) schemas.Time {
	switch recorded := rec.Provenance&schemas.Recorded != 0; {
	case p.bound != recorded:
		return never
	case recorded:
		return schemas.Time(rec.Play + p.offset)
	}
	return rec.At
}
