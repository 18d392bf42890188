package monitor

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
)

// This file is about why: an alert that the model starts or escalates says what drove its risk, and
// what is new since the score before; so does the score, where the alert came at once with it.

// mostDrivers is how many entries an alert or a score lists.
const mostDrivers = 8

// since is what is known of the time between the stay's last two scores.
type since struct {
	risks   []risk // of the last score, without intervals
	changes []risk // how much higher they are than those of the score before, of each that had one
	// came are the channels of which values came, or were taken back, since the last score, and
	// before are those between it and the one before.
	came, before channels
}

// channels is a set of them.
type channels [(schemas.MaxChannels + 63) / 64]uint64

func (c *channels) has(ch schemas.Channel) bool { return c[ch/64]&(1<<(ch%64)) != 0 }

// noteChange tells what keeps something of a channel that an observation came or went.
func (p *patient) noteChange(channel schemas.Channel, at schemas.Time) {
	p.online.noteChange(channel, at)
	p.since.came[channel/64] |= 1 << (channel % 64)
}

// scored begins the time behind a score.
func (s *since) scored(risks []risk) {
	s.changes = s.changes[:0]
	for i := range risks {
		if then := taskOf(s.risks, risks[i].name); then >= 0 {
			s.changes = append(s.changes, risk{name: risks[i].name, value: risks[i].value - s.risks[then].value})
		}
	}
	s.risks = append(s.risks[:0], risks...)
	s.before, s.came = s.came, channels{}
}

// taskOf is the place of a task's risk, -1 where there is none.
func taskOf(list []risk, task string) int {
	return slices.IndexFunc(list, func(r risk) bool { return r.name == task })
}

// isNew says whether a channel is one of those that may have changed the risk since the score
// before the last.
func (s *since) isNew(name string) bool {
	c, ok := schemas.ChannelByName(name)
	return ok && (s.before.has(c) || s.came.has(c))
}

// explain puts into the alerts that the model has started or escalated just now what drove their
// risks, as the patient stands: that costs as much as a few scores (fusion.Model.Drivers). A score, where one is at hand, tells the same.
func (t *step) explain(sc *score) {
	p, list := t.p, t.s.scratch.alerts
	raised := 0
	for i := range list {
		if raises(&list[i]) {
			raised++
		}
	}
	for i := range list {
		a := &list[i]
		task := t.m.riskTask(a.Task)
		if !raises(a) || task < 0 {
			continue
		}
		s := t.s.scratch.model.serving(t.m.Model)
		s.clearBatch()
		s.addToBatch(p, p.clock)
		_, drivers := t.m.Model.Drivers(s.buffers, s.inputs[0], task)
		drivers = slices.DeleteFunc(drivers, func(d fusion.Driver) bool { return d.Effect == 0 || !finite(d.Effect) })
		for _, d := range drivers[:min(len(drivers), mostDrivers/raised)] {
			a.Drivers = append(a.Drivers, schemas.Driver{
				Task: a.Task, Kind: d.Kind, Name: d.Name, Effect: d.Effect, New: d.Kind == "channel" && p.since.isNew(d.Name),
			})
		}
		if at := taskOf(p.since.changes, a.Task); at >= 0 {
			a.Change = &p.since.changes[at].value
		}
		if sc != nil {
			sc.drivers = append(sc.drivers, a.Drivers...)
		}
	}
}

// raises says whether a revision makes more of an alert that a model's risk raised.
func raises(a *schemas.Alert) bool {
	return a.Kind == alerts.KindRisk && (a.Phase == schemas.PhaseStart || a.Phase == schemas.PhaseEscalate)
}

// riskTask is the place of a task among those of the model, -1 where it has no such probability.
func (m *Monitor) riskTask(name string) int {
	if m.Model == nil {
		return -1
	}
	return slices.IndexFunc(m.Model.Config().Tasks, func(t fusion.Task) bool { return t.Name == name && t.Kind == fusion.TaskBinary })
}

// append appends what is known since the last score.
func (s *since) append(b []byte) []byte {
	for _, list := range [...][]risk{s.risks, s.changes} {
		b = packed.AppendUint(b, uint64(len(list)))
		for i := range list {
			b = packed.AppendString(b, list[i].name)
			b = packed.AppendFloat(b, list[i].value)
		}
	}
	for i := range s.came {
		b = packed.AppendUint(packed.AppendUint(b, s.came[i]), s.before[i])
	}
	return b
}

// decode reads what append wrote.
func (s *since) decode(r *packed.Reader) {
	for _, list := range [...]*[]risk{&s.risks, &s.changes} {
		for range r.Count(2) {
			if r.Err() != nil {
				return
			}
			*list = append(*list, risk{name: r.String(), value: r.Float()})
		}
	}
	for i := range s.came {
		s.came[i], s.before[i] = r.Uint(math.MaxUint64), r.Uint(math.MaxUint64)
	}
}
