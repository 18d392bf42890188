package imaging

import "math"

// Sizes of the summary. The square has side pixels each way and is cut into cells.
const (
	side         = 224
	cells        = 8
	cell         = side / cells
	orientations = 8
	frequencies  = 16
	bands        = 5
	coarse       = 4 // cells each way of what is told more coarsely
	profile      = 32
)

// Group is a group of features that lie side by side.
type Group struct {
	Name  string
	Count int
}

// Groups are those of [Summary], in its order.
var Groups = []Group{
	{"gradients", cells * cells * orientations}, // by cell, then by orientation from 0 to 180 degrees
	{"mean", cells * cells},
	{"spread", cells * cells},
	{"ninth decile", cells * cells},
	{"asymmetry", cells * cells / 2}, // left less right, of cells that mirror each other
	{"frequencies", frequencies * frequencies},
	{"rows", profile},
	{"columns", profile},
	{"energy", bands * coarse * coarse}, // by scale, from the finest, then by place
	{"exposure", len(exposed)},
}

// exposed are the features of exposure, those of the film as it is.
var exposed = []string{"mean", "spread", "q01", "q05", "q25", "q50", "q75", "q95", "q99", "black", "white"}

// Features is the length of a summary.
const Features = cells*cells*(orientations+3) + cells*cells/2 + frequencies*frequencies + 2*profile + bands*coarse*coarse + 11

// Summary is all features of a film. All but those of exposure are of its ranks.
func Summary(f *Film) []float32 {
	raw := f.square(side)
	x := equalise(raw)
	out := make([]float32, 0, Features)
	out = gradients(out, x)
	out = grid(out, x)
	out = lowFrequencies(out, x)
	out = profiles(out, x)
	out = energies(out, x)
	return exposure(out, raw)
}

// gradients are histograms of orientations by cell, weighted by steepness; each has the length 1.
func gradients(out, x []float32) []float32 {
	var h [cells * cells][orientations]float64
	at := func(y, x0 int) float64 {
		return float64(x[min(max(y, 0), side-1)*side+min(max(x0, 0), side-1)])
	}
	for y := range side {
		for x0 := range side {
			dx, dy := at(y, x0+1)-at(y, x0-1), at(y+1, x0)-at(y-1, x0)
			steep := math.Sqrt(float64(dx*dx) + float64(dy*dy))
			if steep == 0 {
				continue
			}
			turn := math.Atan2(dy, dx) / math.Pi // -1 to 1; a direction and its opposite are one
			turn -= math.Floor(turn)
			place := float64(turn * orientations)
			first := int(place) % orientations
			share := place - math.Floor(place)
			hist := &h[y/cell*cells+x0/cell]
			hist[first] += float64(steep * (1 - share))
			hist[(first+1)%orientations] += float64(steep * share)
		}
	}
	for i := range h {
		sum := 1e-6
		for _, v := range h[i] {
			sum += float64(v * v)
		}
		length := math.Sqrt(sum)
		for _, v := range h[i] {
			out = append(out, float32(v/length))
		}
	}
	return out
}

// grid has mean, spread and ninth decile of each cell, and what the left has more than the right.
func grid(out, x []float32) []float32 {
	var mean, spread, high [cells * cells]float32
	patch := make([]float32, 0, cell*cell)
	for i := range mean {
		patch = patch[:0]
		for y := range cell {
			from := (i/cells*cell+y)*side + i%cells*cell
			patch = append(patch, x[from:from+cell]...)
		}
		m, s := moments(patch)
		mean[i], spread[i], high[i] = float32(m), float32(s), float32(quantiles(patch, 90)[0])
	}
	out = append(append(append(out, mean[:]...), spread[:]...), high[:]...)
	for i := range mean {
		if column := i % cells; column < cells/2 {
			out = append(out, mean[i]-mean[i-column+cells-1-column])
		}
	}
	return out
}

// cosines are those of the discrete cosine transform, [frequencies][side].
var cosines = func() (c [frequencies][side]float64) {
	for k := range c {
		for i := range c[k] {
			c[k][i] = math.Cos(math.Pi / side * (float64(i) + 0.5) * float64(k))
		}
	}
	return c
}()

// lowFrequencies are the lowest coefficients of the cosine transform.
func lowFrequencies(out, x []float32) []float32 {
	var across [side][frequencies]float64
	for y := range across {
		row := x[y*side : (y+1)*side]
		for k := range across[y] {
			var sum float64
			for i, v := range row {
				sum += float64(float64(v) * cosines[k][i])
			}
			across[y][k] = sum
		}
	}
	for j := range frequencies {
		for k := range frequencies {
			var sum float64
			for y := range side {
				sum += float64(across[y][k] * cosines[j][y])
			}
			out = append(out, float32(sum/(side*side)))
		}
	}
	return out
}

// profiles are the means of bands of rows, then of columns.
func profiles(out, x []float32) []float32 {
	const wide = side / profile
	var rows, columns [profile]float64
	for i, v := range x {
		rows[i/side/wide] += float64(v)
		columns[i%side/wide] += float64(v)
	}
	for _, sums := range [][profile]float64{rows, columns} {
		for _, v := range sums {
			out = append(out, float32(v/(wide*side)))
		}
	}
	return out
}

// energies are, by scale and place, how much an image changes when it is made half as sharp.
func energies(out, x []float32) []float32 {
	n := side
	for range bands {
		half := make([]float32, n/2*(n/2))
		for i := range half {
			y, x0 := i/(n/2)*2, i%(n/2)*2
			half[i] = (x[y*n+x0] + x[y*n+x0+1] + x[(y+1)*n+x0] + x[(y+1)*n+x0+1]) / 4
		}
		var sum [coarse * coarse]float64
		var count [coarse * coarse]float64
		for y := range n / 2 * 2 {
			for x0 := range n / 2 * 2 {
				d := float64(x[y*n+x0] - half[y/2*(n/2)+x0/2])
				place := min(y*coarse/n, coarse-1)*coarse + min(x0*coarse/n, coarse-1)
				sum[place] += float64(d * d)
				count[place]++
			}
		}
		for i, v := range sum {
			out = append(out, float32(math.Sqrt(v/count[i])))
		}
		x, n = half, n/2
	}
	return out
}

// exposure is that of the film before its ranks were taken.
func exposure(out, raw []float32) []float32 {
	mean, sd := moments(raw)
	out = append(out, float32(mean), float32(sd))
	for _, q := range quantiles(raw, 1, 5, 25, 50, 75, 95, 99) {
		out = append(out, float32(q))
	}
	var black, white float64
	for _, v := range raw {
		if v < 0.02 {
			black++
		}
		if v > 0.98 {
			white++
		}
	}
	return append(out, float32(black/float64(len(raw))), float32(white/float64(len(raw))))
}
