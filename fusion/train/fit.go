package train

import (
	"github.com/vigil-icu/vigil/encoders/vitals"
)

// FitScales returns the set's channels with centre and scale of the given examples,
// those of training. A channel that was seen too seldom or is nearly always the same
// (ventilation that is charted only where there is some) has centre 0 and scale 1.
func (s *Set) FitScales(examples []int) []vitals.Channel {
	means := make([][]float32, len(s.Channels))
	for _, i := range examples {
		s.Examples[i].Series.EachMean(s.Cells, func(channel int, mean float32) {
			means[channel] = append(means[channel], mean)
		})
	}
	channels := make([]vitals.Channel, len(s.Channels))
	for i, c := range s.Channels {
		var ok bool
		if c.Centre, c.Scale, ok = vitals.FitScale(means[i]); !ok {
			c.Centre, c.Scale = 0, 1
		}
		channels[i] = c
	}
	return channels
}

// FitEdges returns the edges of the piecewise-linear encoding of the statistics
// [channels*12] and of the statics, from the given examples on the scale of channels.
func (s *Set) FitEdges(examples []int, channels []vitals.Channel) (stats, statics vitals.Edges) {
	in := s.Shape().New()
	rows := matrix{width: len(in.Stats)}
	stays := matrix{width: len(in.Statics)}
	for _, i := range examples {
		s.Fill(in, i, channels, nil)
		rows.add(in.Stats, in.StatsKnown)
		stays.add(in.Statics, in.StaticsKnown)
	}
	return rows.edges(), stays.edges()
}

// matrix is features by example.
type matrix struct {
	width int
	x     []float32
	known []bool
}

func (m *matrix) add(x []float32, known []bool) {
	m.x, m.known = append(m.x, x...), append(m.known, known...)
}

func (m *matrix) edges() vitals.Edges {
	if m.width == 0 { // a model without statics, or without channels
		return nil
	}
	return vitals.FitEdges(m.width, m.x, m.known)
}
