package training

import (
	"math"
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/encoders/boost"
	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// What a network sees of a beat in a lead: samples at networkRate, from before samples ahead of
// its R peak to after behind it, so that the beats beside it are seen too, and beside each sample
// how far it is from the mean of the strip's beats.
const (
	networkRate = 100
	before      = 140
	after       = 80
	samples     = before + after
	channels    = 2
)

// wave is a lead of a strip at networkRate, with a mean of 0 and a spread of 1.
type wave struct {
	values []float32
	usual  []float32 // the mean of the beats, [samples]
}

// waveOf is the lead of a strip; a place without samples is at the mean.
func waveOf(lead []int16, rate float64, peaks []int) wave {
	step := rate / networkRate
	w := wave{values: make([]float32, int(float64(len(lead))/step)), usual: make([]float32, samples)}
	missing := float32(math.NaN())
	var sum, squares, n float64
	for i := range w.values {
		from := max(0, int(math.Ceil(float64((float64(i)-0.5)*step))))
		to := min(len(lead), max(from+1, int(math.Ceil(float64((float64(i)+0.5)*step)))))
		mean, of := 0.0, 0.0
		for _, v := range lead[from:to] {
			if v != math.MinInt16 {
				mean, of = mean+float64(v), of+1
			}
		}
		if of == 0 {
			w.values[i] = missing
			continue
		}
		mean /= of
		w.values[i] = float32(mean)
		sum, squares, n = sum+mean, squares+float64(mean*mean), n+1
	}
	mean := sum / max(n, 1)
	spread := math.Sqrt(max(squares/max(n, 1)-float64(mean*mean), 0))
	for i, v := range w.values {
		if v != v {
			w.values[i] = 0
			continue
		}
		w.values[i] = float32(max(-10, min(10, (float64(v)-mean)/max(spread, 1))))
	}
	for _, peak := range peaks {
		for i := range w.usual {
			w.usual[i] += w.at(peak-before+i) / float32(len(peaks))
		}
	}
	return w
}

func (w *wave) at(i int) float32 {
	if i < 0 || i >= len(w.values) {
		return 0
	}
	return w.values[i]
}

// see appends what the network sees of the beat at a peak, [samples][channels].
func (w *wave) see(dst []float32, peak, shift int, scale float32) []float32 {
	for i := range samples {
		v := w.at(peak - before + i + shift)
		dst = append(dst, scale*v, scale*(v-w.usual[i]))
	}
	return dst
}

// waves are all leads of a strip, and the peaks of its beats at networkRate.
func waves(s *schemas.Strip, beats []int) (list []wave, peaks []int) {
	for _, at := range beats {
		peaks = append(peaks, int(math.Floor(float64(float64(at)*networkRate/s.RateHz)+0.5)))
	}
	for _, lead := range s.Samples {
		list = append(list, waveOf(lead, s.RateHz, peaks))
	}
	return list, peaks
}

// convolution is one over time, without a border, its outputs rectified.
type convolution struct {
	in, out, width int
	w, b           nn.Param
	gain, at       nn.Param
}

// stride is that of every convolution.
const stride = 2

// hidden is how many numbers the network has of a beat before it decides.
const hidden = 32

// network is a small convolutional network: beats in, a logit of each question out.
type network struct {
	params nn.Params[float32]
	layers []convolution
	dense  [2]nn.Param
	last   [2]nn.Param
}

// questions are whether a beat is of the ventricles, and whether it came early from above them.
var questions = [2]Class{Ventricular, Supraventricular}

func newNetwork(d nn.Draw) *network {
	n := &network{layers: []convolution{
		{in: channels, out: 16, width: 7}, {in: 16, out: 24, width: 5}, {in: 24, out: 32, width: 5}, {in: 32, out: 32, width: 5},
	}}
	p, places := &n.params, samples
	for i := range n.layers {
		l := &n.layers[i]
		name := "layer" + strconv.Itoa(i+1)
		l.w, l.b = p.Add(name+".w", l.out, l.width*l.in), p.Add(name+".b", l.out)
		l.gain, l.at = p.Add(name+".gain", l.out), p.Add(name+".at", l.out)
		places = (places-l.width)/stride + 1
	}
	n.dense = [2]nn.Param{p.Add("dense.w", hidden, places*n.layers[len(n.layers)-1].out), p.Add("dense.b", hidden)}
	n.last = [2]nn.Param{p.Add("last.w", len(questions), hidden), p.Add("last.b", len(questions))}
	for _, l := range n.layers {
		for i := range p.Value(l.gain) {
			p.Value(l.gain)[i] = 1
		}
	}
	for i, shape := range p.Shapes {
		if len(shape) < 2 {
			continue
		}
		row, values := d.Row(0, uint64(i)), p.Value(nn.Param(i))
		spread := math.Sqrt(2 / float64(shape[1]))
		for k := range values {
			values[k] = float32(spread * row.Normal(uint64(k)))
		}
	}
	return n
}

// forward takes beats, each [samples][channels], to their logits [beats][questions].
func (n *network) forward(t *nn.Tape[float32], beats int, input []float32, d nn.Dropping) nn.Tensor[float32] {
	x := t.Input(beats*samples, channels, input)
	places := samples
	for _, l := range n.layers {
		next := (places-l.width)/stride + 1
		index := t.Ints(beats * next * l.width)
		for i := range index {
			index[i] = i/(next*l.width)*places + i/l.width%next*stride + i%l.width
		}
		y := t.Gather(x, index).Reshape(beats*next, l.width*l.in)
		x, places = t.ReLU(t.LayerNorm(t.Linear(y, l.w, l.b), l.gain, l.at)), next
	}
	x = t.ReLU(t.Linear(t.Dropout(x.Reshape(beats, places*x.Cols), 1, d), n.dense[0], n.dense[1]))
	return t.Linear(x, n.last[0], n.last[1])
}

// seen is one beat in one lead.
type seen struct {
	wave  *wave
	peak  int
	class Class
}

// How a network is fitted. These were the first that were tried, and none was chosen by what came
// of it.
const (
	networkEpochs = 8
	networkBatch  = 64
	networkSpeed  = 2e-3
	networkDecay  = 0.05
	networkDrop   = 0.3
)

// fitNetwork fits a network to beats of these recordings, in each lead, of each recording and class
// at most so many that no patient rules. Without a beat there is no network.
func fitNetwork(recordings []*Recording, seed uint64) *network {
	var beats []seen
	for _, r := range recordings {
		var of [Supraventricular + 1][]seen
		for i := range r.Strips {
			s := &r.Strips[i]
			for k, class := range s.Classes {
				for lead := range s.waves {
					of[class] = append(of[class], seen{&s.waves[lead], s.peaks[k], class})
				}
			}
		}
		beats = append(beats, spread(of[Other], 2*enoughOthers)...)
		beats = append(beats, spread(of[Ventricular], 2*enough)...)
		beats = append(beats, spread(of[Supraventricular], 2*enough)...)
	}
	if len(beats) == 0 {
		return nil
	}
	n := newNetwork(nn.Draw{Seed: seed})
	tape := nn.NewTape(&n.params, true)
	steps := (len(beats) + networkBatch - 1) / networkBatch
	schedule := nn.Schedule{Rate: networkSpeed, Warmup: steps, Steps: steps * networkEpochs, Floor: 0.01}
	optimiser := nn.NewAdamW[float32](n.params.Total(), networkDecay)
	mean := newNetwork(nn.Draw{Seed: seed})
	var input, targets, weights []float32
	order := make([]int, len(beats))
	it := 0
	for epoch := range networkEpochs {
		d := nn.Draw{Seed: seed, Step: uint64(epoch)}
		for i := range order {
			order[i] = i
		}
		d.Row(1, 0).Shuffle(order)
		for from := 0; from < len(order); from += networkBatch {
			it++
			batch := order[from:min(from+networkBatch, len(order))]
			input, targets, weights = input[:0], targets[:0], weights[:0]
			for k, i := range batch {
				b, chance := beats[i], d.Row(2, uint64(from+k))
				input = b.wave.see(input, b.peak, int(chance.Uniform(0)*5)-2, float32(0.75+float64(0.5*chance.Uniform(1))))
				for _, class := range questions {
					y := float32(0)
					if b.class == class {
						y = 1
					}
					targets, weights = append(targets, y), append(weights, 1/float32(len(batch)))
				}
			}
			tape.Reset()
			logit := n.forward(tape, len(batch), input, nn.Dropping{Draw: nn.Draw{Seed: seed, Step: uint64(it)}, Stream: 3, Rate: networkDrop})
			tape.Backward(tape.BCE(logit, targets, weights))
			nn.Clip(tape.Grads(), 1)
			optimiser.Step(n.params.Values, tape.Grads(), schedule.At(it))
			nn.Average(mean.params.Values, n.params.Values, 0.99, it)
		}
	}
	return mean
}

// spread is at most so many of a list, evenly.
func spread[T any](list []T, most int) []T {
	if len(list) <= most {
		return list
	}
	out := make([]T, most)
	for i := range out {
		out[i] = list[i*len(list)/most]
	}
	return out
}

// logits are those of the beats of a strip for a question, each the mean over the leads.
func (n *network) logits(tape *nn.Tape[float32], s *Strip) (of [2][]float64) {
	var input []float32
	for _, peak := range s.peaks {
		for lead := range s.waves {
			input = s.waves[lead].see(input, peak, 0, 1)
		}
	}
	if len(input) == 0 {
		return of
	}
	tape.Reset()
	logit := n.forward(tape, len(s.peaks)*len(s.waves), input, nn.Dropping{})
	for q := range of {
		of[q] = make([]float64, len(s.peaks))
		for row := range logit.Rows {
			of[q][row/len(s.waves)] += float64(logit.Row(row)[q]) / float64(len(s.waves))
		}
	}
	return of
}

// judge fills in what the network finds in a strip, and what it and the trees find in the mean of
// the logits of each beat; told is what the trees find.
func (n *network) judge(tape *nn.Tape[float32], c *classifier.Classifier, s *Strip, told classifier.Findings) (alone, both classifier.Findings) {
	alone, both = told, told
	if !told.Told {
		return alone, both
	}
	logits := n.logits(tape, s)
	for q, answer := range []struct {
		trees       *boost.Ensemble
		alone, both *float64
	}{
		{c.Ventricular, &alone.Ventricular, &both.Ventricular},
		{c.Supraventricular, &alone.Supraventricular, &both.Supraventricular},
	} {
		mean := make([]float64, len(logits[q]))
		for k, v := range logits[q] {
			for _, lead := range s.Features.Leads {
				mean[k] += float64(answer.trees.Logit(lead[k])) / float64(2*len(s.Features.Leads))
			}
			mean[k] += float64(v / 2)
		}
		*answer.alone = boost.Probability(float32(slices.Max(logits[q])))
		*answer.both = boost.Probability(float32(slices.Max(mean)))
	}
	return alone, both
}
