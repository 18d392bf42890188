package parity

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

var _ = registerTwin("utde", utde[float64], utde[float32])

// gateWeights of UTDE: WReg [D][2C], W1 [D][2D], B1 [D], W2 [out][D], B2 [out];
// out is 1, or D in mode batch_seq_feature.
type gateWeights[F nn.Float] struct{ WReg, W1, B1, W2, B2 []F }

func gateWeightsOf[F nn.Float](c *Case, prefix string) gateWeights[F] {
	return gateWeights[F]{Weight[F](c, prefix+"W_reg"), Weight[F](c, prefix+"W_1"), Weight[F](c, prefix+"b_1"),
		Weight[F](c, prefix+"W_2"), Weight[F](c, prefix+"b_2")}
}

// mixTimes projects the hourly table r [T][2C] and mixes it with the attention's
// irr [T][D]: e = g irr + (1-g) reg. g is [1], [T] or [T][D] by mode batch,
// batch_seq or batch_seq_feature; reg and e are [T][D].
func mixTimes[F nn.Float](w gateWeights[F], mode string, t int, r, irr []F) (reg, g, e []F, err error) {
	d, out := len(w.B1), len(w.B2)
	reg = make([]F, t*d)
	nn.LinearRows(reg, w.WReg, r, nil, t)
	var u []F // what the gate sees, a row of 2D per gate
	rows := t
	switch mode {
	case "batch":
		rows = 1
		u = make([]F, 2*d)
		nn.MaxRows(u[:d], irr)
		nn.MaxRows(u[d:], reg)
	case "batch_seq", "batch_seq_feature":
		for j := range t {
			u = append(append(u, irr[j*d:j*d+d]...), reg[j*d:j*d+d]...)
		}
	default:
		return nil, nil, nil, fmt.Errorf("UTDE mode %q, want batch, batch_seq or batch_seq_feature", mode)
	}
	hidden := make([]F, rows*d)
	nn.LinearRows(hidden, w.W1, u, w.B1, rows)
	nn.ReLU(hidden)
	g = make([]F, rows*out)
	nn.LinearRows(g, w.W2, hidden, w.B2, rows)
	for i, v := range g {
		g[i] = nn.Sigmoid(v)
	}
	e = make([]F, t*d)
	each := len(e) / len(g) // elements of e under one gate
	for i := range e {
		e[i] = g[i/each]*irr[i] + (1-g[i/each])*reg[i]
	}
	return reg, g, e, nil
}

func utde[F nn.Float](c *Case) (Outputs[F], error) {
	reg, g, e, err := mixTimes(gateWeightsOf[F](c, ""), c.Text("mode"), c.Int("T"), In[F](c, "R"), In[F](c, "E_irr"))
	return Outputs[F]{"E_reg": reg, "g": g, "E": e}, err
}
