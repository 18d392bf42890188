package vitals

import "github.com/vigil-icu/vigil/encoders"

// Packed is a series of f(x) at rest: its cells that are not empty, in order. A cell
// of one observation takes one number, another six. The bits are those of the series.
type Packed struct {
	places []uint32  // channel * cells + cell
	counts []float32 // of observations
	values []float32 // mean; of more than one observation also variance, min, max, first, last
}

// Pack makes a packed copy of a series before [Standardise].
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

// Unpack fills a series of the shape that was packed.
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

// EachMean calls visit with the channel and the mean of every cell.
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

// Bytes is the memory that it takes.
func (p *Packed) Bytes() int { return 4 * (len(p.places) + len(p.counts) + len(p.values)) }
