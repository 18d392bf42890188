package boost

import (
	"math"
	"slices"
)

// Settings are how an ensemble is fitted.
type Settings struct {
	Trees    int
	Depth    int     // of each tree, at most 6
	Rate     float64 // how much of each tree is taken
	Smallest float64 // curvature that a leaf must have at least
	Ridge    float64
	Rows     float64 // share of rows that a tree sees
	Columns  float64 // share of features that a tree may split
	Seed     uint64
}

const bins = 32 // of a feature; bin 0 is for what is not known

// Fit fits an ensemble to rows with answers and weights.
func Fit(names []string, rows [][]float32, answers []bool, weights []float64, s Settings) *Ensemble {
	f := &fitter{settings: s, answers: answers, weights: weights, random: s.Seed, gain: make([]float32, len(names))}
	f.bin(rows, len(names))
	e := &Ensemble{Features: names, Gain: f.gain}
	var yes, all float64
	for i, w := range weights {
		all += w
		if answers[i] {
			yes += w
		}
	}
	p := min(max(yes/max(all, 1e-9), 1e-6), 1-1e-6)
	e.Bias = float32(math.Log(p / (1 - p)))
	f.logits = make([]float64, len(rows))
	for i := range f.logits {
		f.logits[i] = float64(e.Bias)
	}
	for range s.Trees {
		t := f.tree()
		e.Trees = append(e.Trees, t)
		for i, row := range rows {
			one := Ensemble{Trees: []Tree{t}}
			f.logits[i] += float64(one.Logit(row))
		}
	}
	return e
}

type fitter struct {
	settings Settings
	answers  []bool
	weights  []float64
	logits   []float64
	cuts     [][]float32 // of each feature: the lower end of bins 2, 3, …
	binned   [][]uint8   // [feature][row]
	slope    []float64
	curve    []float64
	random   uint64
	gain     []float32
}

// next is the next random number from 0 to 1 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", OOPSLA 2014).
func (f *fitter) next() float64 {
	f.random += 0x9e3779b97f4a7c15
	z := f.random
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}

// bin sorts every feature into bins of about as many rows each.
func (f *fitter) bin(rows [][]float32, features int) {
	f.cuts, f.binned = make([][]float32, features), make([][]uint8, features)
	for k := range features {
		var known []float32
		for _, row := range rows {
			if row[k] == row[k] {
				known = append(known, row[k])
			}
		}
		slices.Sort(known)
		for b := 1; b < bins-1 && len(known) > 0; b++ {
			cut := known[b*(len(known)-1)/(bins-1)]
			if n := len(f.cuts[k]); cut > known[0] && (n == 0 || cut > f.cuts[k][n-1]) {
				f.cuts[k] = append(f.cuts[k], cut)
			}
		}
		f.binned[k] = make([]uint8, len(rows))
		for i, row := range rows {
			if row[k] != row[k] {
				continue
			}
			place, found := slices.BinarySearch(f.cuts[k], row[k])
			if found {
				place++
			}
			f.binned[k][i] = uint8(place + 1)
		}
	}
}

// tree fits one tree to the slopes of the loss.
func (f *fitter) tree() Tree {
	n := len(f.logits)
	f.slope, f.curve = slices.Grow(f.slope[:0], n)[:n], slices.Grow(f.curve[:0], n)[:n]
	var rows []int32
	for i, logit := range f.logits {
		p := 1 / (1 + math.Exp(-logit))
		y := 0.0
		if f.answers[i] {
			y = 1
		}
		f.slope[i], f.curve[i] = f.weights[i]*(y-p), f.weights[i]*p*(1-p)
		if f.next() < f.settings.Rows {
			rows = append(rows, int32(i))
		}
	}
	var columns []int
	for k := range f.cuts {
		if f.next() < f.settings.Columns && len(f.cuts[k]) > 0 {
			columns = append(columns, k)
		}
	}
	t := Tree{}
	t.grow()
	f.split(&t, 0, rows, columns, f.settings.Depth)
	return t
}

// grow adds a node.
func (t *Tree) grow() {
	t.Feature, t.Threshold = append(t.Feature, 0), append(t.Threshold, 0)
	t.Left, t.Unknown = append(t.Left, 0), append(t.Unknown, 0)
}

// split makes node i a split, and its children, or a leaf where no split gains.
func (f *fitter) split(t *Tree, i int, rows []int32, columns []int, depth int) {
	var g, h float64
	for _, r := range rows {
		g, h = g+f.slope[r], h+f.curve[r]
	}
	best := candidate{}
	if depth > 0 {
		for _, k := range columns {
			f.search(k, rows, g, h, &best)
		}
	}
	if best.gain <= 1e-6 {
		t.Threshold[i] = float32(f.settings.Rate * g / (h + f.settings.Ridge))
		return
	}
	f.gain[best.feature] += float32(best.gain)
	var left, right []int32
	for _, r := range rows {
		b := f.binned[best.feature][r]
		if b == 0 && best.unknown == 0 || b > 0 && int(b) <= best.bin {
			left = append(left, r)
		} else {
			right = append(right, r)
		}
	}
	at := len(t.Left)
	t.grow()
	t.grow()
	t.Feature[i], t.Threshold[i] = uint16(best.feature), f.cuts[best.feature][best.bin-1]
	t.Left[i], t.Unknown[i] = uint8(at), best.unknown
	f.split(t, at, left, columns, depth-1)
	f.split(t, at+1, right, columns, depth-1)
}

// candidate is a split: the bins from 1 to bin go left.
type candidate struct {
	gain         float64
	feature, bin int
	unknown      uint8
}

// search looks for a better split by feature k of rows with the sums g and h.
func (f *fitter) search(k int, rows []int32, g, h float64, best *candidate) {
	var slope, curve [bins + 1]float64
	binned := f.binned[k]
	for _, r := range rows {
		b := binned[r]
		slope[b] += f.slope[r]
		curve[b] += f.curve[r]
	}
	worth := func(g, h float64) float64 { return g * g / (h + f.settings.Ridge) }
	whole := worth(g, h)
	for unknown := range uint8(2) {
		var gl, hl float64
		if unknown == 0 {
			gl, hl = slope[0], curve[0]
		}
		for b := 1; b <= len(f.cuts[k]); b++ {
			gl, hl = gl+slope[b], hl+curve[b]
			if hl < f.settings.Smallest || h-hl < f.settings.Smallest {
				continue
			}
			if gain := worth(gl, hl) + worth(g-gl, h-hl) - whole; gain > best.gain {
				*best = candidate{gain, k, b, unknown}
			}
		}
	}
}
