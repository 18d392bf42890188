package monitor

import (
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// byName are the modalities in the order of their names, in which a score lists them.
var byName = func() (order [encoders.NumModalities]encoders.Modality) {
	for m := range order {
		order[m] = encoders.Modality(m)
	}
	slices.SortFunc(order[:], func(a, b encoders.Modality) int { return strings.Compare(encoders.Names[a], encoders.Names[b]) })
	return order
}()

// modality is what a score and the model are told of one modality of a patient, beside the
// observations, which are the window's.
type modality struct {
	state    schemas.ItemState // of the newest
	newestAt schemas.Time      // event time of the newest, floored to 1/16 s; never where nothing came
	items    encoders.History  // those that a view may still ask for

	projected *fusion.Model // the model whose first layer the items hold, see modelScratch.project
}

// newModalities returns the modalities of a patient of whom nothing has come.
func newModalities() (m [encoders.NumModalities]modality) {
	for i := range m {
		m[i] = modality{state: schemas.Absent, newestAt: never}
	}
	return m
}

// addItem takes a strip, a note or an image. One that was measured before the newest
// joins the history, and does not change what is said of the modality now.
func (m *modality) addItem(i *schemas.Item) {
	m.items.Add(i)
	at := i.EventTime.Floor16()
	if at < m.newestAt {
		return
	}
	m.state, m.newestAt = i.State, at
}

// addObservation takes an observation that the window has taken. When the newest one is
// taken back, the window is asked which one is the newest now.
func (m *modality) addObservation(p *patient, o *schemas.Observation) {
	at := o.EventTime.Floor16()
	switch {
	case o.Flags&schemas.Retracted == 0:
		m.state, m.newestAt = schemas.Present, max(m.newestAt, at)
	case at >= m.newestAt:
		m.newestAt = p.newestObservation(o.EventTime, p.horizon())
		if m.newestAt == never {
			m.state = schemas.Absent
		}
	}
}

// newestObservation is the latest event time of the observations in force in [from, asOf],
// or never. It asks every channel, so it is called only where that cannot be known
// otherwise.
func (p *patient) newestObservation(asOf, from schemas.Time) schemas.Time {
	var room [128]schemas.Channel
	newest := never
	for _, ch := range p.window.At(asOf, 1<<32-1, from).Channels(room[:0]) {
		if o, ok := p.window.Latest(ch, asOf, from); ok {
			newest = max(newest, o.EventTime)
		}
	}
	return newest
}

// stateAsOf says what there is of a modality in the stay's view as of the patient's clock,
// and how old the newest of it is. A time ahead of the clock, which a device with a fast
// clock sends, counts as not yet seen.
func (m *modality) stateAsOf(p *patient, which encoders.Modality) (state schemas.ItemState, age schemas.Time) {
	newest, asOf := m.newestAt, p.clock.Floor16()
	if which == encoders.Numeric && newest > asOf {
		newest = p.newestObservation(asOf, p.stay.viewFrom)
	}
	if newest == never || newest < p.stay.viewFrom.Floor16() {
		return schemas.Absent, 0
	}
	return m.state, max(0, p.clock-newest)
}
