package monitor

import (
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// readings keep the newest observations of the inputs of NEWS2 with the messages that they
// came from, so that a score can name the numbers behind it: a window has no room for
// references. What is in force, after corrections and retractions, is the same in both.
type readings struct {
	inputs   [alerts.Inputs]readingList
	arrivals uint64 // how many observations came so far; it is the order of the last one
}

// readingList holds the newest observations in force of one input.
type readingList struct {
	kept []reading // ascending event time, then arrival; at most keptReadings
	// floor is the newest event time that was dropped for want of room. At or below it the
	// window is asked, which has kept the value.
	floor schemas.Time
}

// reading is one observation and where it came from.
type reading struct {
	at    schemas.Time // floored to 1/16 s
	order uint64
	value float32
	flags schemas.Flag
	ref   string
}

// keptReadings bounds the stored state where a monitor sends each second. An observation
// that was dropped is needed only after all newer ones were taken back, and then the window
// still has its value, if not its reference.
const keptReadings = 8

// newReadings returns readings to which nothing has come.
func newReadings() (r readings) {
	for i := range r.inputs {
		r.inputs[i].floor = never
	}
	return r
}

// add takes an observation that the window has taken. Event times are compared in
// sixteenths of a second, as the window keeps them.
func (r *readings) add(input alerts.Input, o *schemas.Observation, clock schemas.Time) {
	l := &r.inputs[input]
	at := o.EventTime.Floor16()
	r.arrivals++
	if o.Flags&(schemas.Corrected|schemas.Retracted) != 0 {
		l.kept = slices.DeleteFunc(l.kept, func(k reading) bool { return k.at == at })
	}
	l.forget(clock.Floor16() - alerts.NEWS2Reach)
	newest := never
	if n := len(l.kept); n > 0 {
		newest = l.kept[n-1].at
	}
	late := at <= clock.Floor16()-alerts.NEWS2Reach && at < newest
	if o.Flags&schemas.Retracted != 0 || late || at < l.floor {
		return
	}
	i := len(l.kept)
	for i > 0 && l.kept[i-1].at > at {
		i--
	}
	l.kept = slices.Insert(l.kept, i, reading{at, r.arrivals, o.Value, o.Flags &^ schemas.Corrected, o.Ref})
	if len(l.kept) > keptReadings {
		l.floor = max(l.floor, l.kept[0].at)
		l.kept = slices.Delete(l.kept, 0, 1)
	}
}

// named is when the observation was measured that a correction or a retraction names by its
// reference, where that says another time: what is taken back is often named with the time
// at which it was taken back. Only the last two hours of the inputs of NEWS2 are looked
// through, which are in memory wherever the state came from.
func (p *patient) named(o *schemas.Observation) (at schemas.Time, known bool) {
	in := inputOf(o.Channel)
	if o.Flags&(schemas.Corrected|schemas.Retracted) == 0 || o.Ref == "" || in == alerts.Inputs {
		return 0, false
	}
	from := p.clock.FloorHour() - schemas.Hour
	for _, k := range p.readings.inputs[in].kept {
		if k.ref == o.Ref && k.at >= from {
			at, known = k.at, true
		}
	}
	return at, known && at != o.EventTime.Floor16()
}

// forget drops what was measured at edge or before, which no later score takes for fresh. The
// newest observation stays however old it is: it is the last that is known, and may hold an
// alert.
func (l *readingList) forget(edge schemas.Time) {
	gone := 0
	for gone < len(l.kept)-1 && l.kept[gone].at <= edge {
		gone++
	}
	l.kept = slices.Delete(l.kept, 0, gone)
}

// latest fills dst with the newest observations not after asOf and not before admission. Those
// that are not in (asOf - NEWS2Reach, asOf] are stale. The window answers where a list has
// dropped what is asked for.
func (r *readings) latest(dst *alerts.Readings, w *window.Window, asOf, admission schemas.Time) {
	asOf = asOf.Floor16()
	// Adding 63 ms before rounding down gives the first sixteenth of a second (62.5 ms) after
	// the edge, which is itself outside.
	admission = admission.Floor16()
	fresh := max((asOf - alerts.NEWS2Reach + 63).Floor16(), admission)
	for i := range r.inputs {
		l := &r.inputs[i]
		if dst[i] = l.latest(w, schemas.Channel(alerts.InputChannels[i].ID), asOf, fresh); !dst[i].Known {
			dst[i] = l.stale(fresh, admission)
		}
	}
}

// latest is the newest observation of one input, if there is one with event time in [from,
// asOf].
func (l *readingList) latest(w *window.Window, ch schemas.Channel, asOf, from schemas.Time) alerts.Reading {
	for i := len(l.kept) - 1; i >= 0; i-- {
		k := &l.kept[i]
		if k.at > asOf {
			continue
		}
		if k.at < from {
			break
		}
		return alerts.Reading{Known: true, Flags: k.flags, Value: k.value, EventTime: k.at, Order: k.order, Ref: k.ref}
	}
	if l.floor >= from {
		// What was derived is of no input of NEWS2, which reads the parts itself.
		if p, ok := w.Latest(ch, asOf, from); ok && p.Flags&schemas.Derived == 0 {
			return alerts.Reading{Known: true, Flags: p.Flags &^ schemas.Corrected, Value: p.Value, EventTime: p.EventTime}
		}
	}
	return alerts.Reading{}
}

// stale is the newest observation of one input from before a time and not before admission,
// if it is still kept.
func (l *readingList) stale(before, admission schemas.Time) alerts.Reading {
	for i := len(l.kept) - 1; i >= 0; i-- {
		if k := &l.kept[i]; k.at >= admission && k.at < before {
			return alerts.Reading{Known: true, Stale: true, Flags: k.flags, Value: k.value, EventTime: k.at, Order: k.order, Ref: k.ref}
		}
	}
	return alerts.Reading{}
}

// inputs is the input of NEWS2 that a channel is, and alerts.Inputs for a channel that
// NEWS2 does not read.
var inputs = func() (table [schemas.MaxChannels]alerts.Input) {
	for ch := range table {
		table[ch] = alerts.Inputs
	}
	for in := range alerts.Inputs {
		table[alerts.InputChannels[in].ID] = in
	}
	return table
}()

// inputOf looks a channel up in inputs. A channel beyond the table, of a newer program,
// is none of NEWS2's.
func inputOf(ch schemas.Channel) alerts.Input {
	if int(ch) < len(inputs) {
		return inputs[ch]
	}
	return alerts.Inputs
}

// suspect says whether a reading of NEWS2 is a 0 that may be a lead that came off.
func suspect(r *alerts.Readings) bool {
	for i := range r {
		if r[i].Known && r[i].Flags&schemas.Suspect != 0 {
			return true
		}
	}
	return false
}
