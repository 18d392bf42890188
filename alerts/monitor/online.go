package monitor

import (
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// online is what a partition keeps of a patient from one prediction to the next, for a
// model that serves by sums: the cells, their statistics, and the sums over them. It is
// a function of the window and of the moment, and never stored: without it a prediction
// has the same bits and takes longer.
type online struct {
	input   *encoders.Input
	sums    *fusion.Sums
	moment  vitals.Moment // as of which it holds
	touched []touched     // since then, or measured after it
}

// touched is an observation that came, was corrected or was taken back.
type touched struct {
	channel schemas.Channel
	at      schemas.Time
}

// touch notes that the window has changed. A list that is full knows no more.
func (o *online) touch(c schemas.Channel, at schemas.Time) {
	if len(o.touched) < mostTouched {
		o.touched = append(o.touched, touched{c, at})
	}
}

// knows says whether what is kept can be brought up to a moment of the same hour.
func (o *online) knows(now vitals.Moment) bool {
	m := &o.moment
	return len(o.touched) < mostTouched && m.Begin() == now.Begin() && m.From == now.From && m.Admission == now.Admission && m.AsOf <= now.AsOf
}

// Limits of what is kept: the memory of a partition, and of a patient's list.
const (
	keptBytes   = 64 << 20
	mostTouched = 1024
)

// keeper keeps the patients that were last predicted.
type keeper struct {
	model    *fusion.Model
	reader   *vitals.Reader
	most     int                        // patients
	patients []*patient                 // the one predicted last at the end
	place    [schemas.MaxChannels]int16 // of the model's channels + 1
	changed  []bool                     // by channel of the model
}

// newKeeper is nil for a model that does not serve by sums.
func newKeeper(m *fusion.Model, r *vitals.Reader) *keeper {
	sums := m.NewSums()
	if sums == nil {
		return nil
	}
	k := &keeper{model: m, reader: r, most: max(1, keptBytes/(m.Shape().Bytes()+sums.Bytes())), changed: make([]bool, len(m.Channels()))}
	for i, c := range m.Channels() {
		k.place[c.ID] = int16(i + 1)
	}
	return k
}

// current is what is kept of a patient, brought up to the moment. The items of the input
// are the caller's to fill.
func (k *keeper) current(p *patient, now vitals.Moment) *online {
	k.keep(p)
	o := p.online
	if o.knows(now) {
		k.change(o, p, now)
		vitals.Statics(o.input.Statics, o.input.StaticsKnown, k.model.Statics(), &p.stay.statics)
	} else {
		k.reader.Fill(o.input, p.window, now, &p.stay.statics)
		o.sums.Rebuild(&o.input.Series)
		o.touched = o.touched[:0]
		k.reader.Ahead(p.window, now, o.touch)
	}
	if o.moment = now; len(o.touched) == mostTouched {
		o.moment = vitals.Moment{}
	}
	o.touched = slices.DeleteFunc(o.touched, func(c touched) bool { return c.at.Floor16() <= now.AsOf.Floor16() })
	return o
}

// change brings the cells that were touched up to the moment, in the same hour.
func (k *keeper) change(o *online, p *patient, now vitals.Moment) {
	s := &o.input.Series
	for _, c := range o.touched {
		channel, cell := int(k.place[c.channel])-1, now.Place(c.at.Floor16(), s.Cells)
		if channel < 0 || cell < 0 {
			continue
		}
		before := fusion.BinOf(s, channel, cell)
		k.reader.Cell(s, channel, cell, p.window, now)
		o.sums.Change(channel, cell, before, fusion.BinOf(s, channel, cell))
		k.changed[channel] = true
	}
	for channel, changed := range k.changed {
		if changed {
			vitals.StatisticsOf(o.input, channel)
			k.changed[channel] = false
		}
	}
}

// keep makes the patient the last one predicted, and gives it the memory of the one who
// was not for the longest time if there is no more.
func (k *keeper) keep(p *patient) {
	if p.online != nil {
		i := slices.Index(k.patients, p)
		copy(k.patients[i:], k.patients[i+1:])
		k.patients[len(k.patients)-1] = p
		return
	}
	if len(k.patients) < k.most {
		p.online = &online{input: k.model.Shape().New(), sums: k.model.NewSums()}
	} else {
		p.online = k.patients[0].online
		k.patients[0].online = nil
		k.patients = slices.Delete(k.patients, 0, 1)
		p.online.moment, p.online.touched = vitals.Moment{}, p.online.touched[:0]
	}
	k.patients = append(k.patients, p)
}

// release lets go of everything.
func (k *keeper) release() {
	if k == nil {
		return
	}
	for _, p := range k.patients {
		p.online = nil
	}
	k.patients = nil
}
