package fusion

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// The router designs of the paper.
const (
	// Joint is one router on the vectors of all modalities beside each other.
	Joint = "joint"
	// PerModality is a router for each modality, all of which choose from one pool of
	// experts.
	PerModality = "permod"
	// Disjoint is a router for each modality, each with experts of its own.
	Disjoint = "disjoint"
)

// MoE is a sparse mixture of experts over the vectors of all modalities. Every expert
// says something to every modality, and the mixture is all that joins the modalities
// within a layer.
type MoE[F nn.Float] struct {
	Router, Gate string
	TopK         int
	// Noise is the factor of the noise in training: (softplus(x N) + 0.01) times a normal
	// draw is added to the scores (Shazeer et al. 2017).
	Noise float64
	// PerRouter is how many experts a router chooses from.
	PerRouter int
	// Centres are, for every router, the centres of its experts [PerRouter][in].
	Centres []nn.Param
	// NoiseWeights are N of every router, [PerRouter][in]; there are none without noise.
	NoiseWeights []nn.Param
	Experts      Experts[F]
}

// MoEConfig are the sizes and kinds of a [MoE], in the words of a [Config].
type MoEConfig struct {
	Router, Gate  string
	Experts, TopK int
	Hidden        int
	Mixture       bool
	Noise         float64
}

// NewMoE adds the parameters under a prefix; width is that of one modality's vector. An
// unknown router or gate, or a top-k beyond a router's experts, is an error.
func NewMoE[F nn.Float](p *nn.Params[F], prefix string, c MoEConfig, modalities, width int) (MoE[F], error) {
	m := MoE[F]{Router: c.Router, Gate: c.Gate, TopK: c.TopK, Noise: c.Noise, PerRouter: c.Experts}
	routers, in := modalities, width
	switch c.Router {
	case Joint:
		routers, in = 1, modalities*width
	case PerModality:
	case Disjoint:
		m.PerRouter = c.Experts / modalities
	default:
		return m, fmt.Errorf("router %q, want %s, %s or %s", c.Router, Joint, PerModality, Disjoint)
	}
	if err := checkGate(c.Gate); err != nil {
		return m, err
	}
	if c.TopK < 1 || c.TopK > m.PerRouter {
		return m, fmt.Errorf("top_k is %d, want 1 to the %d experts of a router", c.TopK, m.PerRouter)
	}
	for r := range routers {
		m.Centres = append(m.Centres, p.Add(fmt.Sprintf("%srouter%d.centres", prefix, r), m.PerRouter, in))
		if c.Noise > 0 {
			m.NoiseWeights = append(m.NoiseWeights, p.Add(fmt.Sprintf("%srouter%d.noise", prefix, r), m.PerRouter, in))
		}
	}
	count := m.PerRouter
	if c.Router == Disjoint {
		count *= modalities
	}
	m.Experts = NewExperts(p, prefix+"experts.", count, in, c.Hidden, modalities*width, c.Mixture)
	return m, nil
}

// Routed is what a router made of its rows, N of them.
type Routed[F nn.Float] struct {
	// Input is what the router read, [N][in].
	Input nn.Tensor[F]
	// Scores are those of the experts without noise, [N][PerRouter].
	Scores nn.Tensor[F]
	// Noisy are the scores with noise; where there is none they are Scores.
	Noisy nn.Tensor[F]
	// Scale is that of the noise, [N][PerRouter]; it has no values where there is none.
	Scale nn.Tensor[F]
	// Chosen are the experts that are kept.
	Chosen Chosen[F]
}

// Routers is how many routers there are: one, or one for each modality.
func (m MoE[F]) Routers() int { return len(m.Centres) }

// Route runs router i on its rows: those of modality i, or with a joint router the
// modalities' rows beside each other. eps [N][PerRouter] are the normal draws of the
// noise, already times Noise; nil leaves the noise out.
func (m MoE[F]) Route(t *nn.Tape[F], i int, x []nn.Tensor[F], eps []F) Routed[F] {
	var r Routed[F]
	if m.Router == Joint {
		r.Input = t.Concat(x)
	} else {
		r.Input = x[i]
	}
	r.Scores = GateScores(t, m.Gate, r.Input, m.Centres[i])
	r.Noisy = r.Scores
	if eps != nil {
		r.Scale = NoiseScale(t, t.Linear(r.Input, m.NoiseWeights[i], nn.NoParam))
		r.Noisy = AddNoise(t, r.Scores, r.Scale, eps)
	}
	r.Chosen = TopK(t, r.Noisy, m.TopK)
	return r
}

// Combine is [N][modalities*width]: what the experts of router i say. The output of the
// mixture is the sum over the routers. A stay has `points` rows, which decides whose
// dropout mask a row has.
func (m MoE[F]) Combine(t *nn.Tape[F], i int, r Routed[F], points int, drop nn.Dropping) nn.Tensor[F] {
	first := 0
	if m.Router == Disjoint {
		first = i * m.PerRouter
	}
	return m.Experts.Combine(t, r.Input, r.Chosen, first, points, drop)
}

// The scores that gates give an expert with centre w for a row x. Laplace is equation 2
// of the paper; there is neither bias nor temperature.
const (
	// Softmax is x.w, the inner product.
	Softmax = "softmax"
	// Laplace is -||x - w||, minus the Euclidean distance.
	Laplace = "laplace"
	// Gaussian is -||x - w||^2, minus the squared distance.
	Gaussian = "gaussian"
)

// checkGate refuses a word that is no gate.
func checkGate(kind string) error {
	switch kind {
	case Softmax, Laplace, Gaussian:
		return nil
	}
	return fmt.Errorf("gate %q, want %s, %s or %s", kind, Softmax, Laplace, Gaussian)
}

// GateScores is [N][S], the scores of rows x [N][in] for centres [S][in], by the kind of
// gate: [Softmax], [Laplace] or [Gaussian].
func GateScores[F nn.Float](t *nn.Tape[F], kind string, x nn.Tensor[F], centres nn.Param) nn.Tensor[F] {
	if kind == Softmax {
		return t.Linear(x, centres, nn.NoParam)
	}
	w := t.Value(centres)
	y := t.New(x.Rows, len(w)/x.Cols, true)
	of := nn.LaplaceScores[F]
	if kind == Gaussian {
		of = nn.GaussianScores[F]
	}
	for r := range x.Rows {
		of(y.Row(r), x.Row(r), w)
	}
	if t.Records() {
		t.Record(func() { distanceBackward(kind, x, y, w, t.Grad(centres)) })
	}
	return y
}

// distanceBackward: the gradient of -||x - w|| is -(x - w)/||x - w||, taken as 0 where
// x = w; that of -||x - w||^2 is -2 (x - w).
func distanceBackward[F nn.Float](kind string, x, y nn.Tensor[F], w, dw []F) {
	for r := range x.Rows {
		row := x.Row(r)
		for e, d := range y.GradRow(r) {
			if d == 0 {
				continue
			}
			slope := -2 * d
			if kind == Laplace {
				distance := -y.Row(r)[e]
				if distance == 0 {
					continue
				}
				slope = -d / distance
			}
			centre, dcentre := w[e*x.Cols:][:len(row)], dw[e*x.Cols:][:len(row)]
			if x.Grad == nil {
				for i, v := range row {
					dcentre[i] -= F(slope * (v - centre[i]))
				}
				continue
			}
			dx := x.GradRow(r)[:len(row)]
			for i, v := range row {
				pull := F(slope * (v - centre[i]))
				dcentre[i] -= pull
				dx[i] += pull
			}
		}
	}
}

// Chosen are the experts of every row: Index [N][K], the best first, and Weight [N][K],
// the softmax over the scores that were kept.
type Chosen[F nn.Float] struct {
	K      int
	Index  []int
	Weight nn.Tensor[F]
}

// TopK keeps the k largest scores of every row of [N][S], ties to the lower index, and
// takes the softmax over those (equation 1 of the paper). All other weights are 0.
func TopK[F nn.Float](t *nn.Tape[F], scores nn.Tensor[F], k int) Chosen[F] {
	c := Chosen[F]{k, t.Ints(scores.Rows * k), t.New(scores.Rows, k, scores.Grad != nil)}
	for r := range scores.Rows {
		nn.TopK(c.Index[r*k:(r+1)*k], c.Weight.Row(r), scores.Row(r))
	}
	if c.Weight.Grad != nil {
		t.Record(func() {
			slope := t.Floats(k)
			for r := range scores.Rows {
				clear(slope)
				nn.SoftmaxBackward(slope, c.Weight.Row(r), c.Weight.GradRow(r))
				for i, e := range c.Index[r*k : (r+1)*k] {
					scores.GradRow(r)[e] += slope[i]
				}
			}
		})
	}
	return c
}

// Gates is G(x) of the paper, [N][S]: the weights in the places of their experts, and 0
// elsewhere.
func (c Chosen[F]) Gates(t *nn.Tape[F], experts int) nn.Tensor[F] {
	y := t.New(c.Weight.Rows, experts, c.Weight.Grad != nil)
	clear(y.Value)
	for i, e := range c.Index {
		y.Value[i/c.K*experts+e] = c.Weight.Value[i]
	}
	if y.Grad != nil {
		t.Record(func() {
			for i, e := range c.Index {
				c.Weight.Grad[i] += y.Grad[i/c.K*experts+e]
			}
		})
	}
	return y
}

// noiseFloor is the least scale of a router's noise (Shazeer et al. 2017).
const noiseFloor = 0.01

// NoiseScale is softplus(x) + 0.01, the scale of a router's noise, of the size of x.
func NoiseScale[F nn.Float](t *nn.Tape[F], x nn.Tensor[F]) nn.Tensor[F] {
	y := t.New(x.Rows, x.Cols, x.Grad != nil)
	for i, v := range x.Value {
		y.Value[i] = F(math.Max(float64(v), 0)+math.Log1p(math.Exp(-math.Abs(float64(v))))) + noiseFloor
	}
	if y.Grad != nil {
		t.Record(func() {
			for i, v := range x.Value {
				x.Grad[i] += F(y.Grad[i] * nn.Sigmoid(v))
			}
		})
	}
	return y
}

// AddNoise is scores + eps scale, all [N][S]; eps has no gradient.
func AddNoise[F nn.Float](t *nn.Tape[F], scores, scale nn.Tensor[F], eps []F) nn.Tensor[F] {
	y := t.New(scores.Rows, scores.Cols, true)
	for i, v := range scores.Value {
		y.Value[i] = v + F(eps[i]*scale.Value[i])
	}
	if t.Records() {
		t.Record(func() {
			nn.Axpy(scores.Grad, 1, y.Grad)
			for i, d := range y.Grad {
				scale.Grad[i] += F(eps[i] * d)
			}
		})
	}
	return y
}
