package monitor

import (
	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// addBeyond takes an observation that the window did not take. Where that is because its hour
// has all the records of the channel that one may have, it is counted, and counts for NEWS2 all
// the same: whoever floods a bed must not hide how the patient is. Models do not see it. It says
// whether the observation counts.
func (t *step) addBeyond(o *schemas.Observation) bool {
	p := t.p
	if o.EventTime < p.horizon() || !t.isFull(o) {
		return false
	}
	t.s.counts.Overfull++
	if o.Flags&(schemas.Corrected|schemas.Retracted) != 0 {
		p.corrected = true
	}
	if o.Flags&schemas.Retracted == 0 {
		p.modalities[encoders.Numeric].addObservation(p, o)
	}
	if in := inputOf(o.Channel); in < alerts.Inputs {
		p.readings.add(in, o, p.clock)
	}
	return true
}

// isFull says whether the hour of an observation has all the records of its channel that the
// site's limit allows.
func (t *step) isFull(o *schemas.Observation) bool {
	return t.p.window.Full(o.Channel, o.EventTime, t.m.Settings.Limits.Of(schemas.LimitHourValues))
}
