package encoders

// Limit bounds |z|: an observation further from its channel's centre counts as
// this many scales away.
const Limit = 6

// Series is the numeric channels of one stay as of one moment on a grid of
// cells over 48 hours, the last of which holds that moment: hours, or minutes. All
// slices are [Channels][Cells] and hold the observations of a cell after the
// channel's transform and scale, z = (f(x) - centre) / scale. All but Count and
// Var are clipped to [-Limit, Limit]. Where Count is 0 the cell is empty, and
// the others are 0.
type Series struct {
	Channels, Cells int
	Count           []float32 // observations
	Mean            []float32
	Var             []float32 // about the mean, divided by Count
	Min, Max        []float32
	First, Last     []float32 // by event time; of several at one time by arrival
}

// NewSeries returns an empty series.
func NewSeries(channels, cells int) Series {
	n := channels * cells
	memory := make([]float32, 7*n)
	part := func(i int) []float32 { return memory[i*n : (i+1)*n : (i+1)*n] }
	return Series{
		Channels: channels, Cells: cells,
		Count: part(0), Mean: part(1), Var: part(2), Min: part(3), Max: part(4), First: part(5), Last: part(6),
	}
}

// Clear empties every cell.
func (s *Series) Clear() {
	for _, v := range s.parts() {
		clear(v)
	}
}

// Copy makes s, which must have the shape of from, equal to it.
func (s *Series) Copy(from *Series) {
	to := s.parts()
	for i, v := range from.parts() {
		copy(to[i], v)
	}
}

// Drop empties one cell.
func (s *Series) Drop(channel, cell int) {
	i := channel*s.Cells + cell
	for _, v := range s.parts() {
		v[i] = 0
	}
}

// Shift moves every channel towards the end by the given number of cells: what
// stood in the last ones is gone, the first ones are empty.
func (s *Series) Shift(by int) {
	by = min(by, s.Cells)
	for _, v := range s.parts() {
		for c := range s.Channels {
			row := v[c*s.Cells : (c+1)*s.Cells]
			copy(row[by:], row)
			clear(row[:by])
		}
	}
}

func (s *Series) parts() [7][]float32 {
	return [7][]float32{s.Count, s.Mean, s.Var, s.Min, s.Max, s.First, s.Last}
}

// Statistics is how many numbers stand for a channel in Input.Stats.
const Statistics = 12
