package lab

import "math"

// Errors are how far a fit is from the truth, each cell of fitted experts against
// its true one (the nearest in w, a, b and nu together); the differences are
// weighted by e^beta and added up.
type Errors struct {
	// Loss is D1 of the exact setting, D2 of the over-specified one.
	Loss float64
	// Mass is the sum over the cells of |sum e^beta - e^beta*|.
	Mass float64
	// W, A, B and Nu are the weighted differences over all cells.
	W, A, B, Nu float64
	// SplitW and those that follow are of cells with more than one expert only.
	SplitW, SplitA  float64
	SplitB, SplitNu float64
}

// rBar is the exponent of the over-specified loss for a cell of m experts, m = 2
// and 3, from the solvability of a system of polynomials (section 4 of the paper).
var rBar = [...]float64{0, 1, 4, 6}

// Compare measures a fit against the truth. In a cell of one expert every parameter
// counts with exponent 1; in a larger one w and a with 2, b with rBar, nu with rBar/2.
func Compare(fit, truth *Mixture) (e Errors) {
	k := len(truth.Experts)
	cells := make([][]Expert, k)
	for _, f := range fit.Experts {
		best, least := 0, math.Inf(1)
		for j, t := range truth.Experts {
			d := sq(f.W-t.W) + sq(f.A-t.A) + sq(f.B-t.B) + sq(f.Nu-t.Nu)
			if d < least {
				best, least = j, d
			}
		}
		cells[best] = append(cells[best], f)
	}
	settle(cells, truth)
	for j, t := range truth.Experts {
		mass := 0.0
		for _, f := range cells[j] {
			w := math.Exp(f.Beta)
			mass += w
			dw, da, db, dn := w*math.Abs(f.W-t.W), w*math.Abs(f.A-t.A), w*math.Abs(f.B-t.B), w*math.Abs(f.Nu-t.Nu)
			e.W, e.A, e.B, e.Nu = e.W+dw, e.A+da, e.B+db, e.Nu+dn
			if m := len(cells[j]); m == 1 {
				e.Loss += dw + da + db + dn
			} else {
				e.SplitW, e.SplitA, e.SplitB, e.SplitNu = e.SplitW+dw, e.SplitA+da, e.SplitB+db, e.SplitNu+dn
				r := rBar[min(m, len(rBar)-1)]
				e.Loss += w * (sq(f.W-t.W) + sq(f.A-t.A) + math.Pow(math.Abs(f.B-t.B), r) + math.Pow(math.Abs(f.Nu-t.Nu), r/2))
			}
		}
		e.Mass += math.Abs(mass - math.Exp(t.Beta))
	}
	e.Loss += e.Mass
	return e
}

// sq is v squared.
func sq(v float64) float64 { return v * v }

// settle fixes what the gate does not see so that fit and truth can be compared: the
// e^beta of the last true expert's cell add up to its 1, and with softmax the mean w
// of that cell, weighted by e^beta, is its 0. An empty last cell leaves all as it is.
func settle(cells [][]Expert, truth *Mixture) {
	last := cells[len(cells)-1]
	mass, w := 0.0, 0.0
	for _, f := range last {
		mass += math.Exp(f.Beta)
		w += math.Exp(f.Beta) * f.W
	}
	if mass == 0 {
		return
	}
	for _, cell := range cells {
		for i := range cell {
			cell[i].Beta -= math.Log(mass)
			if truth.Gate == Softmax {
				cell[i].W -= w / mass
			}
		}
	}
}
