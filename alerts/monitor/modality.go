package monitor

import (
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// byName are the modalities in the order of their names, as a score lists them.
var byName = func() (order [encoders.NumModalities]encoders.Modality) {
	for m := range order {
		order[m] = encoders.Modality(m)
	}
	slices.SortFunc(order[:], func(a, b encoders.Modality) int { return strings.Compare(encoders.Names[a], encoders.Names[b]) })
	return order
}()

// modality is what a score and the model know of a modality beside the window.
type modality struct {
	state  schemas.ItemState
	newest schemas.Time     // event time, never where nothing came
	items  encoders.History // that a view may still ask for

	projected *fusion.Model // whose first layer the items keep
}

func newModalities() (m [encoders.NumModalities]modality) {
	for i := range m {
		m[i] = modality{state: schemas.Absent, newest: never}
	}
	return m
}

// item takes a strip, a note or an image.
func (m *modality) item(i *schemas.Item) {
	m.items.Add(i)
	at := i.EventTime.Floor16()
	if at < m.newest {
		return
	}
	m.state, m.newest = i.State, at
}

// observe takes an observation that the window has taken.
func (m *modality) observe(p *patient, o *schemas.Observation) {
	at := o.EventTime.Floor16()
	switch {
	case o.Flags&schemas.Retracted == 0:
		m.state, m.newest = schemas.Present, max(m.newest, at)
	case at >= m.newest: // what was newest is taken back
		m.newest = p.newest(o.EventTime, p.horizon())
		if m.newest == never {
			m.state = schemas.Absent
		}
	}
}

// newest is the latest event time of the observations in force in [from, asOf],
// never where there is none. It asks every channel.
func (p *patient) newest(asOf, from schemas.Time) schemas.Time {
	var room [128]schemas.Channel
	newest := never
	for _, ch := range p.window.At(asOf, 1<<32-1, from).Channels(room[:0]) {
		if o, ok := p.window.Latest(ch, asOf, from); ok {
			newest = max(newest, o.EventTime)
		}
	}
	return newest
}

// as gives what is there of a modality as of the patient's clock, within the
// stay's view, and the age of its newest item.
func (m *modality) as(p *patient, which encoders.Modality) (state schemas.ItemState, age schemas.Time) {
	newest, asOf := m.newest, p.clock.Floor16()
	if which == encoders.Numeric && newest > asOf { // measured ahead of the clock: not yet seen
		newest = p.newest(asOf, p.stay.from)
	}
	if newest == never || newest < p.stay.from.Floor16() {
		return schemas.Absent, 0
	}
	return m.state, max(0, p.clock-newest)
}
