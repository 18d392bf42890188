package monitor

import (
	"cmp"
	"hash/fnv"
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/packed"
	"github.com/vigil-icu/vigil/window"
)

// This file lets two ids be one patient, and two again. The patients of the two may be worked
// by different owners, so what one knows reaches the other as a log record, by way of the
// outbox and the raw topic of movements:
//
//	old id    merge    passes on observations, items, stay and open alerts, and from then on
//	                   all that comes under it
//	survivor  merge-in takes them over
//	old id    unmerge  takes its stay up again and asks back for what it has passed on
//	survivor  unmerge  forgets those observations and gives the alerts back, by a merge-in
//
// A record that is handed over may come twice, and is then a repeat like any other. Only
// patients who are live are handed over: a run has its own order, into which nothing is added.

// Bounds of what is handed over.
const (
	maxHanded = 20_000 // observations of one record
	maxHops   = 4      // ids that one message passes through
)

// handedBy begins the source of a record that was handed over, before the id that did.
const handedBy = "merge:"

// mergeOut lets the patient go on under another id.
func (t *step) mergeOut(rec *schemas.Record) {
	p, into := t.p, ""
	if rec.Move != nil {
		into = rec.Move.Other
	}
	switch {
	case into == "" || p.bound:
		t.endStay("merge", t.offset)
		return
	case into == p.into:
		return // it is told again
	}
	observations := p.observations()
	first := &schemas.Record{Kind: schemas.KindMergeIn, Patient: into, Move: &schemas.Move{Other: p.id}}
	if p.stay.open {
		t.stepPolicy(alerts.Event{Kind: alerts.PassedOn, At: p.clock, With: into})
		first.PassedOn = p.appendPassedOn(nil)
	}
	t.closeStay("merge", t.offset)
	if p.closed != nil {
		p.closed.alerts.LetGo()
	}
	p.into, p.intoFrom = into, t.offset
	// The newest observations go first, and with them the stay: the survivor's first score
	// then sees them.
	for end := len(observations); end > 0 || first != nil; end = max(0, end-maxHanded) {
		part := cmp.Or(first, &schemas.Record{Kind: schemas.KindMergeIn, Patient: into, Move: &schemas.Move{Other: p.id}})
		part.Observations = observations[max(0, end-maxHanded):end]
		t.hand(part)
		first = nil
	}
	for _, kind := range [...]schemas.RecordKind{schemas.KindStrip, schemas.KindNote, schemas.KindImage} {
		for _, item := range p.modalities[encoders.ModalityOf(kind)].items {
			t.hand(&schemas.Record{Kind: kind, Patient: into, Item: item.Item()})
		}
	}
}

// mergeIn takes over what another id has passed on, which is this patient's.
func (t *step) mergeIn(rec *schemas.Record) {
	p := t.p
	if p.into != "" { // the id that had gone on under another is the one that stays after all
		p.into = ""
		if p.closed != nil && p.closed.stay.open && !p.stay.open {
			t.reopen()
		}
	}
	t.addToWindow(rec)
	from := ""
	if rec.Move != nil {
		from = rec.Move.Other
	}
	theirs := newPatient(from, t.offset)
	if len(rec.PassedOn) > 0 && theirs.decodePassedOn(rec.PassedOn) == nil {
		p.governed = p.governed || theirs.governed
		switch {
		case !p.stay.open && theirs.stay.open:
			t.openStay(theirs.stay.id, theirs.stay.implicit)
			p.stay.announced, p.stay.late, p.stay.origin = cmp.Or(p.stay.announced, theirs.stay.announced), theirs.stay.late, from
		case p.stay.implicit && theirs.stay.open && !theirs.stay.implicit:
			p.stay.implicit, p.stay.announced = false, theirs.stay.id
		}
		if p.stay.open && theirs.stay.open {
			p.beginStay(theirs.stay.start)
			p.stay.provenance |= theirs.stay.provenance
			p.stay.unit, p.stay.bed = cmp.Or(p.stay.unit, theirs.stay.unit), cmp.Or(p.stay.bed, theirs.stay.bed)
			if p.stay.statics == (schemas.Statics{}) {
				p.stay.statics = theirs.stay.statics
			}
		}
		t.stepPolicy(alerts.Event{Kind: alerts.TookOver, At: p.clock, With: from, Theirs: &theirs.alerts})
	}
	t.dataOfAnother(rec)
}

// dataOfAnother follows up observations that another id has passed on or asked back. They open
// no stay.
func (t *step) dataOfAnother(rec *schemas.Record) {
	switch {
	case t.p.stay.open:
		t.dataCame(rec)
	case len(rec.Observations) > 0:
		t.s.counts.Unadmitted++
	}
}

// unmerge lets two ids that were one patient be two again. An admission system may tell it of
// either of them; it begins with the one that has passed its data on.
func (t *step) unmerge(rec *schemas.Record) {
	p := t.p
	if rec.Move == nil || p.bound {
		return
	}
	other, asked := rec.Move.Other, strings.HasPrefix(rec.Source, handedBy)
	switch {
	case p.into == other && other != "":
		t.goOwnWay(other)
	case !asked: // this id is perhaps the survivor: the other knows
		t.hand(&schemas.Record{Kind: schemas.KindUnmerge, Patient: other, Move: &schemas.Move{Other: p.id}})
	case rec.Move.Cause != "":
		t.giveBack(rec, other)
	}
}

// goOwnWay takes up the stay that has gone on under another id, and asks back for what was
// passed on there.
func (t *step) goOwnWay(other string) {
	p := t.p
	p.into = ""
	observations := p.observations()
	for i := range observations {
		observations[i].Flags |= schemas.Retracted
	}
	for len(observations) > maxHanded {
		t.hand(&schemas.Record{Kind: schemas.KindUnmerge, Patient: other, Move: &schemas.Move{Other: p.id, Cause: "more"}, Observations: observations[:maxHanded]})
		observations = observations[maxHanded:]
	}
	t.hand(&schemas.Record{Kind: schemas.KindUnmerge, Patient: other, Move: &schemas.Move{Other: p.id, Cause: "all"}, Observations: observations, PassedOn: p.appendItemTimes(nil)})
	// The score waits for the answer, which brings the open alerts back.
	switch {
	case p.closed != nil && p.closed.stay.open:
		t.reopen()
	case p.ended != "" && !p.stay.open:
		p.needLast()
		t.openLate(p.ended)
	}
}

// giveBack forgets observations and items that are another patient's after all, and gives the
// alerts back that were taken over from that one. A stay that came from there was never this
// patient's, and its end is none.
func (t *step) giveBack(rec *schemas.Record, other string) {
	p := t.p
	t.addToWindow(rec)
	if rec.Move.Cause == "all" {
		p.forgetItems(rec.PassedOn)
		theirs := newPatient(other, t.offset)
		t.stepPolicy(alerts.Event{Kind: alerts.GaveBack, At: p.clock, With: other, Theirs: &theirs.alerts})
		t.hand(&schemas.Record{Kind: schemas.KindMergeIn, Patient: other, Move: &schemas.Move{Other: p.id}, PassedOn: theirs.appendPassedOn(nil)})
		if p.stay.open && p.stay.origin == other {
			last := p.lastEnd
			t.closeStay("unmerge", t.offset)
			p.closed.at = last
			p.settle()
			p.lastEnd = last
			return
		}
	}
	t.dataOfAnother(rec)
}

// appendItemTimes appends of which times items are known.
func (p *patient) appendItemTimes(b []byte) []byte {
	for m := range p.modalities {
		b = packed.AppendUint(b, uint64(len(p.modalities[m].items)))
		for _, item := range p.modalities[m].items {
			b = packed.AppendInt(b, int64(item.At))
		}
	}
	return b
}

// forgetItems forgets the items of the times that appendItemTimes wrote.
func (p *patient) forgetItems(b []byte) {
	r := packed.NewReader(b)
	for i := range p.modalities {
		m := &p.modalities[i]
		n := len(m.items)
		for range r.Count(1) {
			at := schemas.Time(r.Int())
			m.items = slices.DeleteFunc(m.items, func(item encoders.KeptItem) bool { return item.At == at })
		}
		if len(m.items) == n {
			continue
		}
		if m.state, m.newestAt = schemas.Absent, never; len(m.items) > 0 {
			newest := m.items[len(m.items)-1]
			m.state, m.newestAt = newest.State, newest.At
		}
	}
}

// forward passes on what came under an id whose patient goes on under another. What has
// passed through too many ids already is counted and goes nowhere: two systems that
// contradict each other must not send a message around for ever.
func (t *step) forward(rec *schemas.Record) {
	if strings.Count(rec.Source, handedBy) >= maxHops {
		t.s.counts.Unadmitted++
		return
	}
	handed := *rec
	handed.Patient = t.p.into
	handed.Source = handedBy + t.p.id + "/" + rec.Source
	t.hand(&handed)
}

// hand puts out a record for the log of another patient.
func (t *step) hand(rec *schemas.Record) {
	p := t.p
	rec.At, rec.Available = p.clock, cmp.Or(rec.Available, p.clock)
	if rec.Source == "" {
		rec.Source, rec.Provenance = handedBy+p.id, p.stay.provenance
		if p.governed {
			rec.Provenance |= schemas.SourceHasADT
		}
		content := fnv.New64a()
		content.Write(rec.AppendBinary(nil))
		rec.Hash = content.Sum64()
	}
	body := rec.AppendBinary(nil)
	t.put(schemas.TopicADT, schemas.TypeHanded, alerts.HandedID(p.id, rec.Patient, body), rec.Patient, body)
}

// observations are all that is known of the patient since the stay before the last end, or
// before the open stay, by event time. What was derived is left out, since it follows from the
// others. References are known of the newest inputs of NEWS2 only.
func (p *patient) observations() (list []schemas.Observation) {
	from := p.lastEnd
	if p.closed != nil {
		from = p.closed.lastEnd
	}
	view := p.window.At(p.clock+schemas.MaxAhead, math.MaxUint32, max(from, p.horizon()))
	var points []window.Point
	for _, ch := range view.Channels(nil) {
		points = view.Append(points[:0], ch)
		for i := range points {
			if o := &points[i]; o.Flags&schemas.Derived == 0 {
				flags := o.Flags &^ (schemas.Corrected | schemas.Retracted)
				list = append(list, schemas.Observation{Channel: ch, Flags: flags, EventTime: o.EventTime, Value: o.Value, Ref: p.readings.ref(ch, o.EventTime, o.Value)})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b schemas.Observation) int { return cmp.Compare(a.EventTime, b.EventTime) })
	return list
}

// ref is the reference of a reading; it is empty where none is kept.
func (r *readings) ref(ch schemas.Channel, at schemas.Time, value float32) string {
	if in := inputOf(ch); in < alerts.Inputs {
		for _, k := range r.inputs[in].kept {
			if k.at == at && k.value == value {
				return k.ref
			}
		}
	}
	return ""
}

// passedOnVersion is the first byte of what appendPassedOn makes.
const passedOnVersion = 1

// appendPassedOn appends the stay and its alerts as they are passed on. They lie in the log.
func (p *patient) appendPassedOn(b []byte) []byte {
	b = append(b, passedOnVersion, packFlags(p.governed, p.stay.open, p.stay.implicit))
	b = p.stay.append(b)
	return p.alerts.Append(b)
}

// decodePassedOn reads what appendPassedOn wrote into a new patient.
func (p *patient) decodePassedOn(b []byte) error {
	r := packed.NewReader(b)
	r.Byte(passedOnVersion)
	flags := r.Byte(1<<3 - 1)
	p.governed, p.stay.open, p.stay.implicit = flags&1 != 0, flags&2 != 0, flags&4 != 0
	p.stay.decode(r)
	p.alerts.Decode(r)
	return r.End()
}
