package mimicfolder

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// chart is what is written down of one patient, in the source's own time.
type chart struct {
	patient      string // id in the source
	statics      schemas.Statics
	stays        []stay // one; two after a readmission
	observations []observation
	moves        []move // within the stays
	notes        []note
}

// stay is a stay in intensive care.
type stay struct {
	admit, end schemas.Time
	death      schemas.Time // 0 where the patient lives on
}

// observation is one value at a whole minute.
type observation struct {
	at, stored schemas.Time // stored is 0 where nobody wrote it down
	channel    *charted
	value      float64 // in the channel's unit
}

// move is a transfer to another bed.
type move struct {
	at  schemas.Time
	bed string
}

// note is a note with the time at which it was signed.
type note struct {
	at, stored schemas.Time
	kind, text string
}

// chartEvery is how often a value of a monitor is written down.
const chartEvery = 30 * schemas.Minute

// minute cuts a time to the minute, as nurses write times down.
func minute(t schemas.Time) schemas.Time { return t - t%schemas.Minute }

// readChart writes down what a source tells of a patient: of every channel the first value in
// each half hour, of the laboratory every value. A stay that is open in the source ends with
// the last event, as MIMIC has none that is open. The error names what the tables have no
// place for.
func readChart(p *source.Patient, r *rand.Rand) (*chart, error) {
	if len(p.Stays) != 1 {
		return nil, fmt.Errorf("patient %s has %d stays (want one, as an invented unit gives)", p.ID, len(p.Stays))
	}
	c := &chart{patient: p.ID}
	s := stay{admit: minute(p.Stays[0].Admit), end: minute(p.Stays[0].End)}
	last := map[*charted]schemas.Time{} // the last half hour in which a channel was charted
	for i := range p.Events {
		e := &p.Events[i]
		if p.Stays[0].End == 0 {
			s.end = max(s.end, minute(e.AvailableTime)+schemas.Minute)
		}
		switch {
		case e.Vitals != nil:
			if len(e.Vitals.Observations) > 0 {
				return nil, fmt.Errorf("patient %s has observations by code (want values by channel, as an invented unit gives)", p.ID)
			}
			for _, name := range slices.Sorted(maps.Keys(e.Vitals.Values)) {
				channel := channelNamed(name)
				v, err := e.Vitals.Values[name].Float64()
				if channel == nil || err != nil {
					return nil, fmt.Errorf("patient %s: %s %q is no number of a channel that MIMIC has an item for", p.ID, name, e.Vitals.Values[name])
				}
				o := observation{at: minute(e.EventTime), channel: channel, value: v}
				if channel.table == labEvents {
					o.stored = minute(e.AvailableTime + schemas.Minute)
				} else if before, seen := last[channel]; seen && e.EventTime/chartEvery <= before {
					continue
				}
				last[channel] = max(last[channel], e.EventTime/chartEvery)
				c.observations = append(c.observations, o)
			}
		case e.Note != nil:
			c.notes = append(c.notes, note{minute(e.EventTime), minute(e.AvailableTime + schemas.Minute), e.Note.Kind, e.Note.Text})
		case e.ADT != nil && e.ADT.Type == "admit":
			c.statics = e.ADT.Statics
			c.measured("weight", s.admit+10*schemas.Minute, c.statics.WeightKG)
			c.measured("height", s.admit+10*schemas.Minute, c.statics.HeightCM)
		case e.ADT != nil && e.ADT.Type == "transfer":
			c.moves = append(c.moves, move{minute(e.EventTime), e.ADT.Bed})
		}
	}
	c.stays = []stay{s}
	slices.SortStableFunc(c.observations, func(a, b observation) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.channel.metavision.id, b.channel.metavision.id))
	})
	c.store(r)
	return c, nil
}

// measured adds a value that is measured once, soon after the admission, where it is known.
func (c *chart) measured(channel string, at schemas.Time, v *float32) {
	if v != nil {
		c.observations = append(c.observations, observation{at: at, channel: channelNamed(channel), value: float64(*v)})
	}
}

// store draws when a nurse entered what was charted at one moment. For 16 moments in 20 that is
// within half an hour, for two an hour or two later, for one five minutes ahead of the
// charted time, and of one it is not known.
func (c *chart) store(r *rand.Rand) {
	var at, stored schemas.Time
	for i := range c.observations {
		o := &c.observations[i]
		if o.channel.table == labEvents {
			continue
		}
		if i == 0 || o.at != at {
			at = o.at
			switch r.IntN(20) {
			case 0:
				stored = at - 5*schemas.Minute
			case 1:
				stored = 0
			case 2, 3:
				stored = at + schemas.Time(60+r.IntN(60))*schemas.Minute
			default:
				stored = at + schemas.Time(1+r.IntN(28))*schemas.Minute
			}
		}
		o.stored = stored
	}
}

// cut drops what is later than t.
func (c *chart) cut(t schemas.Time) {
	c.observations = slices.DeleteFunc(c.observations, func(o observation) bool { return o.at > t })
	c.moves = slices.DeleteFunc(c.moves, func(m move) bool { return m.at > t })
	c.notes = slices.DeleteFunc(c.notes, func(n note) bool { return n.at > t })
}

// shift moves everything from a time on by as much.
func (c *chart) shift(from, by schemas.Time) {
	for i := range c.observations {
		if o := &c.observations[i]; o.at >= from {
			o.at += by
			if o.stored != 0 {
				o.stored += by
			}
		}
	}
	for i := range c.moves {
		if c.moves[i].at >= from {
			c.moves[i].at += by
		}
	}
	for i := range c.notes {
		if n := &c.notes[i]; n.at >= from {
			n.at += by
			n.stored += by
		}
	}
}

// Fates: what an invented unit does not tell.
const (
	soonest  = 2 * schemas.Hour // after admission, for a death
	twoStays = 8 * schemas.Hour // long enough to be cut into two stays
)

// die ends the stay of the patient whose mean arterial pressure falls lowest, 20 minutes after
// that, and returns the patient. Where nobody has an arterial line nobody dies, and it returns
// nil.
func die(charts []*chart) *chart {
	var who *chart
	var lowest observation
	for _, c := range charts {
		for _, o := range c.observations {
			if o.channel.channel == "mean_arterial" && o.at >= c.stays[0].admit+soonest && (who == nil || o.value < lowest.value) {
				who, lowest = c, o
			}
		}
	}
	if who == nil {
		return nil
	}
	s := &who.stays[0]
	s.death = min(lowest.at+20*schemas.Minute, s.end)
	s.end = s.death
	who.cut(s.death)
	return who
}

// comeBack cuts the longest stay into two, four to seven days apart, so that a reader sees a
// readmission. The patient who is dead is left alone.
func comeBack(charts []*chart, dead *chart, r *rand.Rand) {
	var who *chart
	for _, c := range charts {
		length := c.stays[0].end - c.stays[0].admit
		if c != dead && length >= twoStays && (who == nil || length > who.stays[0].end-who.stays[0].admit) {
			who = c
		}
	}
	if who == nil {
		return
	}
	s := who.stays[0]
	leaves, away := minute((s.admit+s.end)/2), schemas.Time(4+r.IntN(4))*24*schemas.Hour
	who.shift(leaves, away)
	who.stays = []stay{{admit: s.admit, end: leaves}, {admit: leaves + away, end: s.end + away}}
}
