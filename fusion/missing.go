package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Settle makes a modality's tokens fit for fusion. Those of a stay that has the modality
// get its type vector. The others are replaced by the learned embedding of a missing
// modality, as the paper has it, or by zeros, as its code has it. State, if there is one,
// adds what the modality's state says, whether it is present or not.
type Settle struct {
	// Type is [D], or NoParam.
	Type nn.Param
	// Missing is [D] for every token alike, [T][D] for each its own, or NoParam for
	// zeros.
	Missing nn.Param
	// State is [states][D], or NoParam.
	State nn.Param
}

// SettleTokens is [stays*points][D] from x of that size, see [Settle]. present and state
// are [stays]; state is not read where there is no parameter for it, and may be nil then.
func SettleTokens[F nn.Float](t *nn.Tape[F], l Settle, x nn.Tensor[F], present []bool, state []int) nn.Tensor[F] {
	d, points := x.Cols, x.Rows/len(present)
	y := t.New(x.Rows, d, true)
	for b, there := range present {
		for j := range points {
			row := y.Row(b*points + j)
			switch {
			case !there && l.Missing == nn.NoParam:
				clear(row)
			case !there:
				copy(row, rowOf(t.Value(l.Missing), j, d))
			default:
				copy(row, x.Row(b*points+j))
				if l.Type != nn.NoParam {
					nn.Axpy(row, 1, t.Value(l.Type))
				}
			}
			if l.State != nn.NoParam {
				nn.Axpy(row, 1, rowOf(t.Value(l.State), state[b], d))
			}
		}
	}
	if !t.Records() {
		return y
	}
	t.Record(func() {
		for b, there := range present {
			for j := range points {
				r := b*points + j
				dy := y.GradRow(r)
				switch {
				case !there && l.Missing != nn.NoParam:
					nn.Axpy(rowOf(t.Grad(l.Missing), j, d), 1, dy)
				case there:
					if l.Type != nn.NoParam {
						nn.Axpy(t.Grad(l.Type), 1, dy)
					}
					if x.Grad != nil {
						nn.Axpy(x.GradRow(r), 1, dy)
					}
				}
				if l.State != nn.NoParam {
					nn.Axpy(rowOf(t.Grad(l.State), state[b], d), 1, dy)
				}
			}
		}
	})
	return y
}

// rowOf is row j of a table [..][d], or its only row where it has one.
func rowOf[F nn.Float](table []F, j, d int) []F {
	if len(table) == d {
		return table
	}
	return table[j*d : (j+1)*d]
}

// Place is scale x + P, for x [stays*points][D] and the learned positions P [points][D],
// which all modalities share. With scaled the scale is sqrt(D), as in the published code,
// else 1.
func Place[F nn.Float](t *nn.Tape[F], x nn.Tensor[F], positions nn.Param, scaled bool) nn.Tensor[F] {
	scale := F(1)
	if scaled {
		scale = F(math.Sqrt(float64(x.Cols)))
	}
	p := t.Value(positions)
	points := len(p) / x.Cols
	y := t.New(x.Rows, x.Cols, true)
	for r := range x.Rows {
		row := y.Row(r)
		copy(row, p[r%points*x.Cols:])
		nn.Axpy(row, scale, x.Row(r))
	}
	if t.Records() {
		t.Record(func() {
			dp := t.Grad(positions)
			for r := range x.Rows {
				nn.Axpy(dp[r%points*x.Cols:][:x.Cols], 1, y.GradRow(r))
			}
			if x.Grad != nil {
				nn.Axpy(x.Grad, scale, y.Grad)
			}
		})
	}
	return y
}
