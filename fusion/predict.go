package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// Prediction is what the network says of one patient as of one moment.
type Prediction struct {
	Mortality         float32 // in hospital
	Decompensation    float32 // death within 24 h
	LengthOfStayHours float32 // remaining
	Phenotypes        [len(schemas.Phenotypes)]float32
}

// Scratch holds the buffers of one goroutine for one model.
type Scratch struct {
	z, n     []float32 // [48] one channel, normalised, and the weight of its bins
	used     []int     // [48]
	attended []float32 // [time heads][48] one channel
	features []float32 // [48][time heads * channels]
	carried  []float32 // [48][channels]
	pair     []float32 // [2 D] interpolated and carried
	gate     []float32 // [D]
	statics  []float32 // [8]
	offset   []float32 // [D] of the statics
	tokens   []float32 // [48][J] the joined modalities at each reference point
	normed   []float32 // [48][D]
	qkv      []float32 // [48][3 D]
	weights  []float32 // [48] attention of one query
	mixed    []float32 // [D]
	out      []float32 // [D]
	joined   []float32 // [J]
	routed   []float32 // [experts]
	chosen   []int     // [k]
	share    []float32 // [k]
	hidden   []float32 // [hidden]
	expert   []float32 // [J]
	sum      []float32 // [J]
	logits   []float32 // [tasks]
	item     [3]float32
}

// NewScratch makes the buffers for a model.
func NewScratch(m *Model) *Scratch {
	c := &m.config
	d, j, channels := c.Width, c.joined(), len(c.Channels)
	f := func(n int) []float32 { return make([]float32, n) }
	return &Scratch{
		z: f(bins), n: f(bins), used: make([]int, bins), attended: f(c.TimeHead * bins),
		features: f(bins * c.TimeHead * channels), carried: f(bins * channels),
		pair: f(2 * d), gate: f(d), statics: f(statics), offset: f(d), tokens: f(bins * j), normed: f(bins * d), qkv: f(bins * 3 * d),
		weights: f(bins), mixed: f(d), out: f(d), joined: f(j), routed: f(c.Experts), chosen: make([]int, c.TopK), share: f(c.TopK),
		hidden: f(c.Hidden), expert: f(j), sum: f(j), logits: f(tasks),
	}
}

// Predict runs the network. It allocates nothing, reads the input only, and gives
// the same bits for the same input, whatever was predicted before.
func (m *Model) Predict(s *Scratch, in *encoders.Input, out *Prediction) {
	m.numeric(s, in)
	m.items(s, in)
	for l := range m.layers {
		first := 0
		if l == len(m.layers)-1 {
			first = bins - 1 // the head reads the last reference point only
		}
		m.attend(s, &m.layers[l], first)
		for r := first; r < bins; r++ {
			m.mix(s, &m.layers[l], s.tokens[r*m.config.joined():(r+1)*m.config.joined()])
		}
	}
	last := s.tokens[(bins-1)*m.config.joined():]
	nn.LayerNorm(s.joined, last, m.tensors["head.norm.gain"], m.tensors["head.norm.bias"])
	nn.Linear(s.logits, m.tensors["head.w"], s.joined, m.tensors["head.b"])
	out.Mortality, out.Decompensation = nn.Sigmoid(s.logits[0]), nn.Sigmoid(s.logits[1])
	out.LengthOfStayHours = float32(math.Expm1(math.Min(math.Abs(float64(s.logits[2])), 10)))
	for i := range out.Phenotypes {
		out.Phenotypes[i] = nn.Sigmoid(s.logits[3+i])
	}
}

// numeric fills the numeric part of the tokens: time attention against
// carried-forward values behind the UTDE gate, plus the stay's statics.
func (m *Model) numeric(s *Scratch, in *encoders.Input) {
	c := &m.config
	d, j, channels, heads := c.Width, c.joined(), len(c.Channels), c.TimeHead
	any := false
	for ch := range channels {
		any = m.channel(s, in, ch) || any
	}
	m.stay(s, &in.Stay)
	for r := range bins {
		token := s.tokens[r*j : r*j+d]
		if !any {
			copy(token, m.tensors["missing"][:d])
			continue
		}
		nn.Linear(s.pair[:d], m.tensors["attention.out.w"], s.features[r*heads*channels:(r+1)*heads*channels], m.tensors["attention.out.b"])
		nn.Linear(s.pair[d:], m.tensors["carried.w"], s.carried[r*channels:(r+1)*channels], m.tensors["carried.b"])
		nn.Linear(s.gate, m.tensors["gate.w"], s.pair, m.tensors["gate.b"])
		for i := range token {
			g := nn.Sigmoid(s.gate[i])
			token[i] = g*s.pair[i] + (1-g)*s.pair[d+i] + s.offset[i] + m.tensors["presence"][i]
		}
	}
}

// channel normalises one channel's bins and spreads its attention over the
// reference points. It says whether anything was observed.
func (m *Model) channel(s *Scratch, in *encoders.Input, ch int) bool {
	channels, heads := len(m.config.Channels), m.config.TimeHead
	norm := &m.config.Channels[ch]
	mean, count := in.Mean[ch*bins:(ch+1)*bins], in.Count[ch*bins:(ch+1)*bins]
	seen := false
	last := float32(0)
	for b := range bins {
		s.n[b] = count[b]
		if count[b] > 0 {
			seen = true
			s.z[b] = norm.normalise(mean[b])
			last = s.z[b]
		}
		s.carried[b*channels+ch] = last
	}
	if !seen {
		for r := range bins {
			for h := range heads {
				s.features[(r*heads+h)*channels+ch] = 0
			}
		}
		return false
	}
	nn.TimeAttention(s.attended, m.table, s.z, s.n, s.used)
	for h := range heads {
		for r := range bins {
			s.features[(r*heads+h)*channels+ch] = s.attended[h*bins+r]
		}
	}
	return true
}

func (c *channel) normalise(v float32) float32 {
	x := float64(v)
	switch c.Transform {
	case "log":
		x = math.Log(math.Max(x, 1e-3))
	case "log1p":
		x = math.Log1p(math.Max(x, 0))
	}
	return float32(math.Max(-6, math.Min(6, (x-c.Centre)/c.Scale)))
}

// stay turns the statics into an offset of every numeric token.
func (m *Model) stay(s *Scratch, st *schemas.Statics) {
	f := s.statics
	clear(f)
	for i, v := range [...]struct {
		value         *float32
		centre, scale float32
	}{{st.AgeYears, 65, 17}, {st.HeightCM, 170, 10}, {st.WeightKG, 80, 22}} {
		if v.value != nil {
			f[2*i], f[2*i+1] = (*v.value-v.centre)/v.scale, 1
		}
	}
	switch st.Sex {
	case "female":
		f[6] = 1
	case "male":
		f[7] = 1
	}
	nn.Linear(s.offset, m.tensors["statics.w"], f, m.tensors["statics.b"])
}

// items fills the parts of ECG, notes and imaging: an absent one is its learned
// embedding, a present one says whether it can be used and how old it is.
func (m *Model) items(s *Scratch, in *encoders.Input) {
	d, j := m.config.Width, m.config.joined()
	for k := 1; k < modalities; k++ {
		token := s.mixed
		if in.States[k] == schemas.Absent {
			copy(token, m.tensors["missing"][k*d:(k+1)*d])
		} else {
			s.item = [3]float32{0, 0, float32(math.Log1p(math.Max(float64(in.AgeHours[k]), 0)))}
			if in.States[k] == schemas.Present {
				s.item[0] = 1
			} else {
				s.item[1] = 1
			}
			nn.Linear(token, m.tensors["item.w"][k*d*3:(k+1)*d*3], s.item[:], m.tensors["item.b"][k*d:(k+1)*d])
			for i := range token {
				token[i] += m.tensors["presence"][k*d+i]
			}
		}
		for r := range bins {
			copy(s.tokens[r*j+k*d:r*j+(k+1)*d], token)
		}
	}
}

// attend is pre-norm self-attention over the numeric tokens, for the reference
// points from first on.
func (m *Model) attend(s *Scratch, l *layer, first int) {
	d, j, heads := m.config.Width, m.config.joined(), m.config.Heads
	for r := range bins {
		nn.LayerNorm(s.normed[r*d:r*d+d], s.tokens[r*j:r*j+d], l.norm1Gain, l.norm1Bias)
		from := 0
		if r < first {
			from = d // nobody asks from here: keys and values only
		}
		nn.Linear(s.qkv[r*3*d+from:(r+1)*3*d], l.qkvW[from*d:], s.normed[r*d:r*d+d], l.qkvB[from:])
	}
	w := d / heads
	scale := float32(1 / math.Sqrt(float64(w)))
	for r := first; r < bins; r++ {
		for h := range heads {
			q := s.qkv[r*3*d+h*w : r*3*d+h*w+w]
			for b := range bins {
				k := s.qkv[b*3*d+d+h*w : b*3*d+d+h*w+w]
				s.weights[b] = nn.Dot(q, k) * scale
			}
			nn.Softmax(s.weights)
			mixed := s.mixed[h*w : h*w+w]
			clear(mixed)
			for b, p := range s.weights {
				v := s.qkv[b*3*d+2*d+h*w : b*3*d+2*d+h*w+w]
				for i := range mixed {
					mixed[i] += p * v[i]
				}
			}
		}
		nn.Linear(s.out, l.outW, s.mixed, l.outB)
		token := s.tokens[r*j : r*j+d]
		for i, v := range s.out {
			token[i] += v
		}
	}
}

// mix sends one joined token through its top experts (equation 4 of the paper,
// with the Laplace gate).
func (m *Model) mix(s *Scratch, l *layer, token []float32) {
	j, hidden := m.config.joined(), m.config.Hidden
	nn.LayerNorm(s.joined, token, l.norm2Gain, l.norm2Bias)
	nn.LaplaceScores(s.routed, s.joined, l.centres)
	nn.TopK(s.chosen, s.share, s.routed)
	clear(s.sum)
	for k, e := range s.chosen {
		nn.Linear(s.hidden, l.w1[e*hidden*j:(e+1)*hidden*j], s.joined, l.b1[e*hidden:(e+1)*hidden])
		nn.GELU(s.hidden)
		nn.Linear(s.expert, l.w2[e*j*hidden:(e+1)*j*hidden], s.hidden, l.b2[e*j:(e+1)*j])
		for i, v := range s.expert {
			s.sum[i] += s.share[k] * v
		}
	}
	for i, v := range s.sum {
		token[i] += v
	}
}

// FLOP counts the floating-point operations of a prediction behind the time
// attention: two for each multiplication with its addition.
func (m *Model) FLOP() int {
	c := &m.config
	d, j := c.Width, c.joined()
	token := 2 * (c.Experts*j + c.TopK*2*c.Hidden*j)
	total := 2 * tasks * j
	for l := range c.Layers {
		queries := bins
		if l == c.Layers-1 {
			queries = 1
		}
		total += 2*bins*2*d*d + queries*(2*d*d+2*2*bins*d+2*d*d) + queries*token
	}
	return total
}

// Card describes the model.
func (m *Model) Card() Card {
	c := &m.config
	card := Card{
		Name: c.Name, Hash: m.hash, Trained: c.Trained, Training: c.Training, Licence: c.Licence, Form: c.Form, Gate: c.Gate,
		Width: c.Width, Layers: c.Layers, Experts: c.Experts, TopK: c.TopK, FLOP: m.FLOP(), Kernel: Kernel,
		Tasks: []string{"mortality", "decompensation", "length of stay", "25 phenotypes"}, Modalities: encoders.Names[:], Notice: schemas.Notice,
	}
	for _, t := range c.shapes() {
		card.Parameters += t.size()
	}
	for _, ch := range c.Channels {
		card.Channels = append(card.Channels, ch.Name)
	}
	return card
}
