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
	moment  vitals.Moment // the moment as of which cells and sums hold
	changes []change      // places changed since then, and those measured after it
}

// change is a place in the window where an observation came, was corrected or was taken
// back.
type change struct {
	channel schemas.Channel
	at      schemas.Time
}

// noteChange notes a change of the window, where anything is kept. A list that is full has
// lost some, and all is then computed anew.
func (o *online) noteChange(c schemas.Channel, at schemas.Time) {
	if o != nil && len(o.changes) < mostChanges {
		o.changes = append(o.changes, change{c, at})
	}
}

// knows says whether what is kept can be brought up to a moment by its changes alone. At
// the next full hour the view begins an hour later and every cell is another, so that
// nothing can be kept.
func (o *online) knows(now vitals.Moment) bool {
	m := &o.moment
	return len(o.changes) < mostChanges && m.Begin() == now.Begin() && m.From == now.From && m.Admission == now.Admission && m.AsOf <= now.AsOf
}

// Limits of what is kept: the bytes of a partition, and the changes of one patient, beyond
// which all of it is computed anew.
const (
	keptBytes   = 64 << 20
	mostChanges = 1024
)

// keeper keeps what is online of those patients who were last predicted, as many as the
// memory allows. The others cost a computation from the whole window.
type keeper struct {
	model    *fusion.Model
	reader   *vitals.Reader
	most     int                        // how many patients have memory at once
	patients []*patient                 // those with memory, the one predicted last at the end
	position [schemas.MaxChannels]int16 // by channel: its row in the model's input + 1; 0 if the model does not read it
	changed  []bool                     // by row of the input: whether its statistics are to be computed anew
}

// newKeeper returns a keeper for a model that serves by sums, and nil for any other.
func newKeeper(m *fusion.Model, r *vitals.Reader) *keeper {
	sums := m.NewSums()
	if sums == nil {
		return nil
	}
	k := &keeper{model: m, reader: r, most: max(1, keptBytes/(m.Shape().Bytes()+sums.Bytes())), changed: make([]bool, len(m.Channels()))}
	for i, c := range m.Channels() {
		k.position[c.ID] = int16(i + 1)
	}
	return k
}

// current returns what is kept of a patient, brought up to the moment. It leaves the
// items of the input to the caller.
func (k *keeper) current(p *patient, now vitals.Moment) *online {
	k.claim(p)
	o := p.online
	if o.knows(now) {
		k.applyChanges(o, p, now)
		vitals.Statics(o.input.Statics, o.input.StaticsKnown, k.model.Statics(), &p.stay.statics)
	} else {
		k.reader.Fill(o.input, p.window, now, &p.stay.statics)
		o.sums.Rebuild(&o.input.Series)
		o.changes = o.changes[:0]
		k.reader.Ahead(p.window, now, o.noteChange)
	}
	if o.moment = now; len(o.changes) == mostChanges {
		o.moment = vitals.Moment{}
	}
	o.changes = slices.DeleteFunc(o.changes, func(c change) bool { return c.at.Floor16() <= now.AsOf.Floor16() })
	return o
}

// applyChanges reads the changed cells again as of the moment, which lies in the hour of
// what is kept, and corrects sums and statistics by the difference.
func (k *keeper) applyChanges(o *online, p *patient, now vitals.Moment) {
	s := &o.input.Series
	for _, c := range o.changes {
		channel, cell := int(k.position[c.channel])-1, now.Place(c.at.Floor16(), s.Cells)
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

// claim makes sure that the patient has memory, and makes it the one predicted last. When
// no memory is left, the patient whose last prediction lies back farthest gives its own up.
func (k *keeper) claim(p *patient) {
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
		p.online.moment, p.online.changes = vitals.Moment{}, p.online.changes[:0]
	}
	k.patients = append(k.patients, p)
}

// release takes the memory back from all patients, since another model has come.
func (k *keeper) release() {
	if k == nil {
		return
	}
	for _, p := range k.patients {
		p.online = nil
	}
	k.patients = nil
}
