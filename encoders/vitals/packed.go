package vitals

import "github.com/vigil-icu/vigil/encoders"

// Packed is a series of f(x) at rest, as training keeps thousands of them in memory: only its
// cells that are not empty, in order. A cell of one observation takes one number, any other
// six. Unpacked, it has the very bits of the series.
type Packed struct {
	places []uint32  // channel * cells + cell
	counts []float32 // how many observations each cell has
	values []float32 // the mean, and of several observations also variance, min, max, first, last
}

// Pack makes a packed copy of a series, which must not be on the scale of a model yet
// ([Standardise]): a recipe may fit the scale from what was packed.
func Pack(s *encoders.Series) Packed {
	cells, values := 0, 0
	for _, n := range s.Count {
		switch {
		case n == 0:
			continue
		case n == 1:
			values++
		default:
			values += 6
		}
		cells++
	}
	p := Packed{places: make([]uint32, 0, cells), counts: make([]float32, 0, cells), values: make([]float32, 0, values)}
	for i, n := range s.Count {
		if n == 0 {
			continue
		}
		p.places, p.counts = append(p.places, uint32(i)), append(p.counts, n)
		p.values = append(p.values, s.Mean[i])
		if n != 1 {
			p.values = append(p.values, s.Var[i], s.Min[i], s.Max[i], s.First[i], s.Last[i])
		}
	}
	return p
}

// Unpack fills a series, which must have the shape of the one that was packed.
func (p *Packed) Unpack(s *encoders.Series) {
	s.Clear()
	at := 0
	for k, i := range p.places {
		mean := p.values[at]
		at++
		s.Count[i], s.Mean[i] = p.counts[k], mean
		if p.counts[k] == 1 {
			s.Min[i], s.Max[i], s.First[i], s.Last[i] = mean, mean, mean, mean
			continue
		}
		v := p.values[at : at+5]
		s.Var[i], s.Min[i], s.Max[i], s.First[i], s.Last[i] = v[0], v[1], v[2], v[3], v[4]
		at += 5
	}
}

// EachMean calls visit with the channel and the mean of every cell, for FitScale. cells is how
// many cells a channel of the series had.
func (p *Packed) EachMean(cells int, visit func(channel int, mean float32)) {
	at := 0
	for k, i := range p.places {
		visit(int(i)/cells, p.values[at])
		at++
		if p.counts[k] != 1 {
			at += 5
		}
	}
}

// Bytes is the memory that the cells take.
func (p *Packed) Bytes() int { return 4 * (len(p.places) + len(p.counts) + len(p.values)) }
