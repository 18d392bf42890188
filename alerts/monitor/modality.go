package monitor

import (
	"github.com/vigil-icu/vigil/schemas"
)

// The modalities of a score, in the order of their names.
const (
	modalityECG = iota
	modalityImaging
	modalityNotes
	modalityVitals
	modalities
)

var modalityNames = [modalities]string{"ecg", "imaging", "notes", "vitals"}

// modality is the newest item of a modality.
type modality struct {
	state  schemas.ItemState
	newest schemas.Time // event time, never where nothing came
	vector []float32
}

func newModalities() (m [modalities]modality) {
	for i := range m {
		m[i] = modality{state: schemas.Absent, newest: never}
	}
	return m
}

func modalityOf(k schemas.RecordKind) int {
	switch k {
	case schemas.KindStrip:
		return modalityECG
	case schemas.KindNote:
		return modalityNotes
	case schemas.KindImage:
		return modalityImaging
	}
	return modalityVitals
}

// item takes a strip, a note or an image.
func (m *modality) item(i *schemas.Item) {
	at := i.EventTime.Floor16()
	if at < m.newest {
		return
	}
	m.state, m.newest, m.vector = i.State, at, append(m.vector[:0], i.Vector...)
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
// stay's view, and the age of its newest item in whole seconds.
func (m *modality) as(p *patient, index int) (state schemas.ItemState, ageS int64) {
	newest, asOf := m.newest, p.clock.Floor16()
	if index == modalityVitals && newest > asOf { // measured ahead of the clock: not yet seen
		newest = p.newest(asOf, p.stay.from)
	}
	if newest == never || newest < p.stay.from.Floor16() {
		return schemas.Absent, 0
	}
	return m.state, max(0, int64(p.clock-newest)/1000)
}
