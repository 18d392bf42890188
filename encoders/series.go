package encoders

// Limit bounds |z|: an observation that is further from its channel's centre counts as
// this many scales away.
const Limit = 6

// Series is the numeric channels of one stay as of one moment, on a grid of cells over 48
// hours whose last cell holds that moment: hours, or minutes. All slices are
// [Channels][Cells]. They hold what was observed in a cell as f(x), after the channel's
// transform, until vitals.Standardise puts it on the channel's scale, z = (f(x) - centre)
// / scale; all but Count and Var are then clipped to [-Limit, Limit]. Where Count is 0
// the cell is empty, and the others are 0.
type Series struct {
	Channels, Cells int
	// Count is the number of observations.
	Count []float32
	Mean  []float32
	// Var is the variance about the mean, divided by Count and not by Count - 1.
	Var      []float32
	Min, Max []float32
	// First and Last go by event time. Of several observations within the same 1/16 s
	// First is the lowest and Last the highest, so that their order of arrival leaves no
	// trace.
	First, Last []float32
}

// NewSeries returns a series of empty cells.
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

// Drop empties one cell of a channel.
func (s *Series) Drop(channel, cell int) {
	i := channel*s.Cells + cell
	for _, v := range s.parts() {
		v[i] = 0
	}
}

// Shift moves every channel towards the end by the given number of cells, as if the
// moment were earlier by so much: what stood in the last cells is gone, and the first
// ones are empty.
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

// Statistics is how many numbers stand for a channel in Input.Stats, see
// vitals.Statistics.
const Statistics = 12
