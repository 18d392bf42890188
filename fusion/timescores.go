package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// TimeKeys are the projections of reference and observation times from which
// multi-time attention has its scores; both E to E.
type TimeKeys[F nn.Float] struct {
	Query, Key Dense
	Heads      int
	Cap        bool // scores go through 8 tanh(s/8)
}

// NewTimeKeys adds the parameters under a prefix.
func NewTimeKeys[F nn.Float](p *nn.Params[F], prefix string, e, heads int, softCap bool) TimeKeys[F] {
	return TimeKeys[F]{NewDense(p, prefix+"query", e, e), NewDense(p, prefix+"key", e, e), heads, softCap}
}

// Scores is [H*T][L], row h*T+j: the scaled products of the embedded reference times
// phiR [T][E] and observation times phiT [L][E], before the cap.
func (l TimeKeys[F]) Scores(t *nn.Tape[F], phiR, phiT nn.Tensor[F]) nn.Tensor[F] {
	return timeScores(t, t.Linear(phiR, l.Query.W, l.Query.B), t.Linear(phiT, l.Key.W, l.Key.B), l.Heads)
}

func timeScores[F nn.Float](t *nn.Tape[F], q, k nn.Tensor[F], heads int) nn.Tensor[F] {
	e, n, m := q.Cols/heads, q.Rows, k.Rows
	scale := F(1 / math.Sqrt(float64(e)))
	y := t.New(heads*n, m, q.Grad != nil || k.Grad != nil)
	for h := range heads {
		vq, vk := nn.View[F]{Data: q.Value[h*e:], Row: q.Cols, Col: 1}, nn.View[F]{Data: k.Value[h*e:], Row: k.Cols, Col: 1}
		nn.Gemm(nn.RowMajor(y.Value[h*n*m:], m), vq, vk.T(), n, e, m, false)
	}
	for i, v := range y.Value {
		y.Value[i] = v * scale
	}
	if y.Grad != nil {
		t.Record(func() {
			d := t.Floats(n * m)
			for h := range heads {
				for i, v := range y.Grad[h*n*m : (h+1)*n*m] {
					d[i] = v * scale
				}
				dv := nn.RowMajor(d, m)
				vq, vk := nn.View[F]{Data: q.Value[h*e:], Row: q.Cols, Col: 1}, nn.View[F]{Data: k.Value[h*e:], Row: k.Cols, Col: 1}
				if q.Grad != nil {
					nn.Gemm(nn.View[F]{Data: q.Grad[h*e:], Row: q.Cols, Col: 1}, dv, vk, n, m, e, true)
				}
				if k.Grad != nil {
					nn.Gemm(nn.View[F]{Data: k.Grad[h*e:], Row: k.Cols, Col: 1}, dv.T(), vq, m, n, e, true)
				}
			}
		})
	}
	return y
}

// capBound is where scores level off: 8 tanh(s/8) (numerics of the fixed-point sums).
const capBound = 8

// capScores is 8 tanh(s/8).
func capScores[F nn.Float](t *nn.Tape[F], s nn.Tensor[F]) nn.Tensor[F] {
	y := t.New(s.Rows, s.Cols, s.Grad != nil)
	for i, v := range s.Value {
		y.Value[i] = F(nn.SoftCap(float64(v)))
	}
	if y.Grad != nil {
		t.Record(func() {
			for i, d := range y.Grad {
				r := y.Value[i] / capBound
				s.Grad[i] += F(d * (1 - F(r*r)))
			}
		})
	}
	return y
}

// Exponentials is e^s of capped scores; of others e^(s - top), top the row's largest, in
// which a ratio of sums does not change.
func Exponentials[F nn.Float](t *nn.Tape[F], s nn.Tensor[F], capped bool) nn.Tensor[F] {
	y := t.New(s.Rows, s.Cols, s.Grad != nil)
	for r := range s.Rows {
		row := y.Row(r)
		copy(row, s.Row(r))
		if !capped && len(row) > 0 {
			top := row[0]
			for _, v := range row {
				top = max(top, v)
			}
			for i := range row {
				row[i] -= top
			}
		}
	}
	nn.Exp(y.Value)
	if y.Grad != nil {
		t.Record(func() {
			for i, d := range y.Grad {
				s.Grad[i] += F(d * y.Value[i])
			}
		})
	}
	return y
}
