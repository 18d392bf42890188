package judge

import (
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// chart is a window of the records that Step was given, with the same channels derived from
// them: what was known of a patient at a full hour, for the numbers that Step does not compute.
type chart struct {
	modalities []channelsOf
	window     *window.Window
	derive     record.Deriver
	statics    schemas.Statics
	n          uint32
	ended      schemas.Time // of the stay before
	added      []schemas.Observation
	series     alerts.SOFASeries
}

// channelsOf are the channels of a modality of the model.
type channelsOf struct {
	name     string
	channels []schemas.Channel
}

// modalitiesOf are those of a model that are read from channels.
func modalitiesOf(m *fusion.Model) (list []channelsOf) {
	if m == nil {
		return nil
	}
	c := m.Config()
	for i := range c.Modalities {
		of := channelsOf{name: c.Modalities[i].Name}
		for _, member := range c.Members(of.name) {
			if id, ok := schemas.ChannelByName(c.Channels[member].Name); ok {
				of.channels = append(of.channels, id)
			}
		}
		if len(of.channels) > 0 {
			list = append(list, of)
		}
	}
	return list
}

// begin begins the chart of another patient.
func (c *chart) begin() {
	c.window, c.n, c.ended, c.statics = window.New(), 0, 0, schemas.Statics{}
}

// add takes a record, as Step does.
func (c *chart) add(rec *schemas.Record) {
	switch rec.Kind {
	case schemas.KindAdmit:
		c.statics = rec.Move.Statics
	case schemas.KindEnd:
		c.ended = rec.At
	}
	if !rec.Kind.IsData() {
		return
	}
	c.n++
	c.added = c.added[:0]
	horizon := (rec.At - 1).FloorHour() - 47*schemas.Hour
	for _, o := range rec.Observations {
		if o.EventTime >= horizon && c.window.Add(o, c.n) {
			c.added = append(c.added, o)
		}
	}
	c.derive.Derive(c.window, c.added, c.n, &c.statics, c.ended, rec.At)
	c.window.Advance(rec.At)
	c.window.Trim(horizon)
}

// fill adds to a point what the chart tells of its moment.
func (c *chart) fill(p *Point, asOf, admitted schemas.Time) {
	from := max(asOf-schemas.Reach, c.ended)
	view := c.window.At(asOf, c.n, from)
	for i := range c.series {
		c.series[i] = view.Append(c.series[i][:0], alerts.SOFAChannels[i].ID)
	}
	s := alerts.SOFA(&c.series, asOf, admitted)
	p.SOFA = s.Value
	for i, points := range s.Points {
		if points == alerts.NotKnown {
			p.NoSOFA |= 1 << i
		}
	}
	for i := range c.modalities {
		known := func(ch schemas.Channel) bool {
			_, ok := c.window.Latest(ch, asOf, from)
			return ok
		}
		if !slices.ContainsFunc(c.modalities[i].channels, known) {
			p.Without |= 1 << i
		}
	}
}

// missingOfSOFA is at which share of the points each component was not known.
func missingOfSOFA(stays []Stay) map[string]Number {
	counts, all := [alerts.SOFAComponents]int{}, 0
	for i := range stays {
		all += len(stays[i].Points)
		for k := range stays[i].Points {
			for c := range counts {
				counts[c] += int(stays[i].Points[k].NoSOFA >> c & 1)
			}
		}
	}
	missing := map[string]Number{}
	for c, n := range counts {
		if n > 0 {
			missing[alerts.SOFANames[c]] = Number(float64(n) / float64(all))
		}
	}
	return missing
}
