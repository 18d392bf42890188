package monitor

import (
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// readings keep where the newest observations of the inputs of NEWS2 came from,
// which a window does not: it has no room for references. They agree with the
// window in what is in force.
type readings struct {
	inputs [alerts.Inputs]readingList
	next   uint64 // order of the next arrival
}

// readingList holds the newest observations in force of one input.
type readingList struct {
	kept []reading // ascending event time, then arrival; at most keptReadings
	// floor is the newest event time that was dropped for want of room: below it
	// the window knows better.
	floor schemas.Time
}

type reading struct {
	at    schemas.Time // floored to 1/16 s
	order uint64
	value float32
	flags schemas.Flag
	ref   string
}

// keptReadings bounds the state of a source that sends each second. What is
// dropped can only be asked for after all that is kept was taken back, and then
// the window still has the value.
const keptReadings = 8

func newReadings() (r readings) {
	for i := range r.inputs {
		r.inputs[i].floor = never
	}
	return r
}

// add takes an observation that the window has taken.
func (r *readings) add(input alerts.Input, o *schemas.Observation, clock schemas.Time) {
	l := &r.inputs[input]
	at := o.EventTime.Floor16()
	r.next++
	edge := clock.Floor16() - alerts.Reach // at or before it nothing is asked for again
	gone := 0
	for gone < len(l.kept) && l.kept[gone].at <= edge {
		gone++
	}
	l.kept = slices.Delete(l.kept, 0, gone)
	if o.Flags&(schemas.Corrected|schemas.Retracted) != 0 {
		l.kept = slices.DeleteFunc(l.kept, func(k reading) bool { return k.at == at })
	}
	if o.Flags&schemas.Retracted != 0 || at <= edge || at < l.floor {
		return
	}
	i := len(l.kept)
	for i > 0 && l.kept[i-1].at > at {
		i--
	}
	l.kept = slices.Insert(l.kept, i, reading{at, r.next, o.Value, o.Flags &^ schemas.Corrected, o.Ref})
	if len(l.kept) > keptReadings {
		l.floor = max(l.floor, l.kept[0].at)
		l.kept = slices.Delete(l.kept, 0, 1)
	}
}

// latest fills dst with the newest observations with event time in
// (asOf - 6 h, asOf] and not before admission.
func (r *readings) latest(dst *alerts.Readings, w *window.Window, asOf, admission schemas.Time) {
	asOf = asOf.Floor16()
	// The first sixteenth of a second after the edge.
	from := max(asOf-alerts.Reach+63, admission).Floor16()
	for i := range r.inputs {
		dst[i] = r.inputs[i].latest(w, schemas.Channel(alerts.InputChannels[i].ID), asOf, from)
	}
}

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
		if p, ok := w.Latest(ch, asOf, from); ok {
			return alerts.Reading{Known: true, Flags: p.Flags &^ schemas.Corrected, Value: p.Value, EventTime: p.EventTime}
		}
	}
	return alerts.Reading{}
}

// inputs says which input of NEWS2 a channel is.
var inputs = func() (table [schemas.MaxChannels]alerts.Input) {
	for ch := range table {
		table[ch] = alerts.Inputs
	}
	for in := range alerts.Inputs {
		table[alerts.InputChannels[in].ID] = in
	}
	return table
}()

// inputOf is alerts.Inputs for a channel that NEWS2 does not read.
func inputOf(ch schemas.Channel) alerts.Input {
	if int(ch) < len(inputs) {
		return inputs[ch]
	}
	return alerts.Inputs
}
