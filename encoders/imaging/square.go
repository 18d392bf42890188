package imaging

import "math"

// square is the middle of a film, cut to a square and brought to side by side pixels, each the mean
// of the area that it covers.
func (f *Film) square(side int) []float32 {
	edge := min(f.Width, f.Height)
	left, top := (f.Width-edge)/2, (f.Height-edge)/2
	from, weights := covered(edge, side)
	lines := make([]float32, edge*side) // reduced across, not yet down
	for y := range edge {
		row := f.Shade[(top+y)*f.Width+left:]
		line := lines[y*side : (y+1)*side]
		for x := range line {
			var sum float64
			for k, w := range weights[x] {
				sum += float64(w * float64(row[from[x]+k]))
			}
			line[x] = float32(sum)
		}
	}
	out := make([]float32, side*side)
	for y := range side {
		for x := range side {
			var sum float64
			for k, w := range weights[y] {
				sum += float64(w * float64(lines[(from[y]+k)*side+x]))
			}
			out[y*side+x] = float32(sum)
		}
	}
	return out
}

// Small is what the network sees of a film: its middle, [Edge] pixels each way.
func (f *Film) Small() []float32 { return f.square(Edge) }

// covered says for each of n places that divide an edge of pixels evenly where its pixels begin, and
// which share of the place each has.
func covered(edge, n int) (from []int, weights [][]float64) {
	from, weights = make([]int, n), make([][]float64, n)
	for i := range n {
		// In n-ths of a pixel all borders are whole numbers.
		a, b := i*edge, (i+1)*edge
		from[i] = a / n
		for k := from[i]; k*n < b; k++ {
			weights[i] = append(weights[i], float64(min(b, (k+1)*n)-max(a, k*n))/float64(edge))
		}
	}
	return from, weights
}

// levels is how many shades the ranks tell apart.
const levels = 1 << 12

// equalise gives each pixel the share of pixels that are darker, half of those as bright with it: what
// is left is free of exposure and window.
func equalise(x []float32) []float32 {
	var counts [levels]int
	level := func(v float32) int { return int(min(max(v, 0), 1) * (levels - 1)) }
	for _, v := range x {
		counts[level(v)]++
	}
	var ranks [levels]float32
	below := 0
	for l, n := range counts {
		ranks[l] = float32((float64(below) + float64(0.5*float64(n))) / float64(len(x)))
		below += n
	}
	out := make([]float32, len(x))
	for i, v := range x {
		out[i] = ranks[level(v)]
	}
	return out
}

// moments are the mean and the standard deviation.
func moments(x []float32) (mean, sd float64) {
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		sd += float64(d * d)
	}
	return mean, math.Sqrt(sd / float64(len(x)))
}

// quantiles are values below which so many hundredths of x lie; x is from 0 to 1 and told apart in
// steps of a thousandth.
func quantiles(x []float32, hundredths ...int) []float64 {
	const bins = 1000
	var counts [bins + 1]int
	for _, v := range x {
		counts[int(float64(min(max(v, 0), 1))*bins)]++
	}
	out := make([]float64, len(hundredths))
	for i, h := range hundredths {
		at, need := 0, h*len(x)
		for b, n := range counts {
			at += n
			if 100*at >= need && at > 0 {
				out[i] = float64(b) / bins
				break
			}
		}
	}
	return out
}
