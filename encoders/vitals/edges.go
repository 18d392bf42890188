package vitals

import (
	"fmt"
	"math"
	"slices"
)

// These size the piecewise-linear encoding (Gorishniy, Rubachev and Babenko, "On Embeddings
// for Numerical Features in Tabular Deep Learning", NeurIPS 2022), in which a number becomes
// its place in each of at most 8 bins between quantiles.
const (
	maxBins  = 8
	edges    = maxBins + 1
	Encoded  = maxBins + 1 // how many numbers stand for a feature: one for each bin, and a flag
	minWidth = 1e-4        // the least width of a bin, which bounds the slope of its ramp
)

// Edges are the edges e_0..e_b of the bins of every feature, [features][9]. There are at most
// 8 bins and the edges ascend; behind e_b the row repeats it, and a row of one value has no
// bins. So one tensor of a model file says it all.
type Edges []float32

// Encode fills dst [features][Encoded] from x and known [features]. For each bin i of a feature
// that is clip((x - e_i) / (e_{i+1} - e_i), 0, 1) - 0.5, where a width counts as at least
// 1e-4; for bins that the feature lacks, and for all bins of one that is not known, it is 0.
// The flag behind the bins is 0.5 where the feature is known, else -0.5.
func (e Edges) Encode(dst, x []float32, known []bool) {
	for f := range x {
		row, out := e[f*edges:(f+1)*edges], dst[f*Encoded:(f+1)*Encoded]
		clear(out)
		if !known[f] {
			out[maxBins] = -0.5
			continue
		}
		out[maxBins] = 0.5
		for i := range maxBins {
			width := row[i+1] - row[i]
			if width <= 0 {
				break
			}
			out[i] = min(max((x[f]-row[i])/max(width, minWidth), 0), 1) - 0.5
		}
	}
}

// Check says what is wrong with edges that came from a file.
func (e Edges) Check(features int) error {
	if len(e) != features*edges {
		return fmt.Errorf("%d edges, want %d for %d features", len(e), features*edges, features)
	}
	for f := range features {
		row := e[f*edges : (f+1)*edges]
		for i, v := range row {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return fmt.Errorf("edge %d of feature %d is %v", i, f, v)
			}
			if i > 0 && v < row[i-1] || i > 1 && v > row[i-1] && row[i-1] == row[i-2] {
				return fmt.Errorf("edges of feature %d are %v, want them to ascend and then to stay", f, row)
			}
		}
	}
	return nil
}

// FitEdges takes, as edges of every feature, its distinct quantiles at 0, 12.5, … 100 % over
// the stays where it is known; x and known are [stays][features]. A feature with fewer than
// 50 values, or with one distinct value, gets no bins.
func FitEdges(features int, x []float32, known []bool) Edges {
	e := make(Edges, features*edges)
	values := make([]float32, 0, len(x)/features)
	for f := range features {
		values = values[:0]
		for i := f; i < len(x); i += features {
			if known[i] {
				values = append(values, x[i])
			}
		}
		if len(values) < minValid {
			continue
		}
		slices.Sort(values)
		row := e[f*edges : (f+1)*edges]
		n := 0
		for q := range edges {
			v := float32(quantile(values, float64(q)/maxBins))
			if n == 0 || v > row[n-1] {
				row[n] = v
				n++
			}
		}
		for i := n; i < edges; i++ {
			row[i] = row[n-1]
		}
	}
	return e
}
