package imaging

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// Edge is how many pixels the network sees each way.
const Edge = 28

// channels are what it sees of a pixel: its shade, by the mean and the spread of the film, and its
// rank among all.
const channels = 2

// Embedded is how many numbers the network has of a film before it decides.
const Embedded = 32

// layer is a convolution of 3 by 3 or 5 by 5 pixels, its outputs normalised and rectified.
type layer struct {
	name           string
	edge           int // pixels each way of what comes in
	in, out        int // channels
	width, stride  int
	residual       bool
	w, b, gain, at nn.Param
}

// shape is the layers of the network.
var shape = []layer{
	{name: "1", edge: Edge, in: channels, out: 24, width: 5, stride: 2},
	{name: "2", edge: 14, in: 24, out: 32, width: 3, stride: 1},
	{name: "3", edge: 14, in: 32, out: 48, width: 3, stride: 2},
	{name: "4", edge: 7, in: 48, out: 48, width: 3, stride: 1, residual: true},
}

// Network is a small convolutional network: films in, a logit and an embedding of each out. Those
// who train it have the same code as those who ask it.
type Network[F nn.Float] struct {
	Params nn.Params[F]
	layers []layer
	dense  [2]nn.Param // mean and maximum over the places, to the embedding
	last   [2]nn.Param
}

// NewNetwork has weights of 0, but for those that scale.
func NewNetwork[F nn.Float]() *Network[F] {
	n := &Network[F]{}
	p := &n.Params
	for _, l := range shape {
		l.w, l.b = p.Add("layer"+l.name+".w", l.out, l.width*l.width*l.in), p.Add("layer"+l.name+".b", l.out)
		l.gain, l.at = p.Add("layer"+l.name+".gain", l.out), p.Add("layer"+l.name+".at", l.out)
		n.layers = append(n.layers, l)
	}
	wide := 2 * shape[len(shape)-1].out
	n.dense = [2]nn.Param{p.Add("dense.w", Embedded, wide), p.Add("dense.b", Embedded)}
	n.last = [2]nn.Param{p.Add("last.w", 1, Embedded), p.Add("last.b", 1)}
	for _, l := range n.layers {
		for i := range p.Value(l.gain) {
			p.Value(l.gain)[i] = 1
		}
	}
	return n
}

// Draw draws weights to begin with.
func (n *Network[F]) Draw(d nn.Draw) {
	for i, shape := range n.Params.Shapes {
		if len(shape) < 2 {
			continue
		}
		row, values := d.Row(0, uint64(i)), n.Params.Value(nn.Param(i))
		spread := math.Sqrt(2 / float64(shape[1]))
		for k := range values {
			values[k] = F(spread * row.Normal(uint64(k)))
		}
	}
}

// Forward takes films, each [Edge][Edge][channels] as [Input] makes them, to their embeddings
// [films][Embedded] and logits [films][1]. A tape that records drops parts of the embedding.
func (n *Network[F]) Forward(t *nn.Tape[F], films int, input []F, d nn.Dropping) (embedding, logit nn.Tensor[F]) {
	x := t.Input(films*Edge*Edge, channels, input)
	for _, l := range n.layers {
		y := t.Linear(patches(t, x, films, l), l.w, l.b)
		y = t.ReLU(t.LayerNorm(y, l.gain, l.at))
		if l.residual {
			y = t.Add(x, y)
		}
		x = y
	}
	embedding = t.ReLU(t.Linear(pooled(t, x, films), n.dense[0], n.dense[1]))
	return embedding, t.Linear(t.Dropout(embedding, 1, d), n.last[0], n.last[1])
}

// patches lays beside each place what the convolution sees of x [films*edge*edge][in] from there:
// [films*places][width*width*in]. Beyond the border there is 0.
func patches[F nn.Float](t *nn.Tape[F], x nn.Tensor[F], films int, l layer) nn.Tensor[F] {
	places := l.edge / l.stride
	y := t.New(films*places*places, l.width*l.width*l.in, x.Grad != nil)
	// each calls f with where l.in values stand in x and in y; with -1 beyond the border.
	each := func(f func(from, to int)) {
		for r := range y.Rows {
			film, row, column := r/(places*places), r/places%places*l.stride-l.width/2, r%places*l.stride-l.width/2
			to := r * y.Cols
			for dy := range l.width {
				for dx := range l.width {
					from := -1
					if a, b := row+dy, column+dx; a >= 0 && a < l.edge && b >= 0 && b < l.edge {
						from = ((film*l.edge+a)*l.edge + b) * l.in
					}
					f(from, to)
					to += l.in
				}
			}
		}
	}
	each(func(from, to int) {
		if from < 0 {
			clear(y.Value[to : to+l.in])
			return
		}
		copy(y.Value[to:to+l.in], x.Value[from:from+l.in])
	})
	if y.Grad != nil {
		t.Record(func() {
			each(func(from, to int) {
				if from < 0 {
					return
				}
				into, dy := x.Grad[from:from+l.in], y.Grad[to:to+l.in]
				for i := range into {
					into[i] += dy[i]
				}
			})
		})
	}
	return y
}

// pooled is the mean and the maximum over the places of each film, [films][2*channels].
func pooled[F nn.Float](t *nn.Tape[F], x nn.Tensor[F], films int) nn.Tensor[F] {
	places, c := x.Rows/films, x.Cols
	y := t.New(films, 2*c, x.Grad != nil)
	top := t.Ints(films * c)
	for f := range films {
		mean, highest := y.Row(f)[:c], y.Row(f)[c:]
		copy(highest, x.Row(f*places))
		clear(mean)
		best := top[f*c : (f+1)*c]
		for i := range best {
			best[i] = f * places
		}
		for p := f * places; p < (f+1)*places; p++ {
			for i, v := range x.Row(p) {
				mean[i] += v
				if v > highest[i] {
					highest[i], best[i] = v, p
				}
			}
		}
		for i := range mean {
			mean[i] /= F(places)
		}
	}
	if y.Grad != nil {
		t.Record(func() {
			for f := range films {
				g := y.GradRow(f)
				for p := f * places; p < (f+1)*places; p++ {
					dx := x.GradRow(p)
					for i := range dx {
						dx[i] += g[i] / F(places)
					}
				}
				for i := range c {
					x.GradRow(top[f*c+i])[i] += g[c+i]
				}
			}
		})
	}
	return y
}

// Input appends what the network sees of a film of [Edge] by [Edge] shades.
func Input[F nn.Float](dst []F, shades []float32) []F {
	mean, sd := moments(shades)
	ranks := equalise(shades)
	for i, v := range shades {
		dst = append(dst, F((float64(v)-mean)/max(sd, 1e-3)), F(float64(float64(ranks[i])*3.4641)-1.73205))
	}
	return dst
}

// pack lays the weights out for those who only ask.
func (n *Network[F]) pack() *nn.PackedParams {
	p, ok := any(&n.Params).(*nn.Params[float32])
	if !ok {
		panic("imaging: packed weights are of float32")
	}
	packed := &nn.PackedParams{}
	for _, l := range n.layers {
		packed.Pack(p, l.w, l.b, 1, l.out, l.width*l.width*l.in)
	}
	packed.Pack(p, n.dense[0], n.dense[1], 1, Embedded, 2*shape[len(shape)-1].out)
	packed.Pack(p, n.last[0], n.last[1], 1, 1, Embedded)
	return packed
}
