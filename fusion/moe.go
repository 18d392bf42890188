package fusion

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// The router designs of the paper.
const (
	Joint       = "joint"    // one router on all modalities' vectors beside each other
	PerModality = "permod"   // a router for each modality, one pool of experts
	Disjoint    = "disjoint" // a router and experts for each modality
)

// MoE is a sparse mixture of experts over the vectors of all modalities; every expert
// says something to every modality.
type MoE[F nn.Float] struct {
	Router, Gate string
	TopK         int
	Noise        float64    // in training: noise of Noise (softplus(x N) + 0.01) on the scores
	PerRouter    int        // experts that a router chooses from
	Centres      []nn.Param // of every router, [PerRouter][in]
	NoiseWeights []nn.Param // of every router, [PerRouter][in]; none without noise
	Experts      Experts[F]
}

// MoEConfig are the sizes and kinds of a MoE.
type MoEConfig struct {
	Router, Gate  string
	Experts, TopK int
	Hidden        int
	Mixture       bool
	Noise         float64
}

// NewMoE adds the parameters under a prefix; width is that of one modality's vector.
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

// Routed is what a router made of its rows.
type Routed[F nn.Float] struct {
	Input  nn.Tensor[F]
	Scores nn.Tensor[F] // [N][PerRouter] without noise
	Noisy  nn.Tensor[F] // with it; Scores where there is none
	Scale  nn.Tensor[F] // of the noise
	Chosen Chosen[F]
}

// Routers is how many there are.
func (m MoE[F]) Routers() int { return len(m.Centres) }

// Route runs router i on its rows: those of modality i, or with a joint router the
// modalities' rows beside each other. eps [N][PerRouter] are the draws of the noise;
// nil: no noise.
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

// Combine is [N][modalities*width]: what the experts of router i say. The MoE's output
// is the sum over the routers.
func (m MoE[F]) Combine(t *nn.Tape[F], i int, r Routed[F], points int, drop nn.Dropping) nn.Tensor[F] {
	first := 0
	if m.Router == Disjoint {
		first = i * m.PerRouter
	}
	return m.Experts.Combine(t, r.Input, r.Chosen, first, points, drop)
}
