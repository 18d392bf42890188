package training

import (
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Settings are how a network is fitted.
type Settings struct {
	Epochs, Batch int
	Rate, Decay   float64
	Drop          float64 // of the embedding
	Smooth        float64 // how far an answer is from 0 or 1
	Seed          uint64
}

// Example is a film of [imaging.Edge] pixels each way, and whether it shows pneumonia.
type Example struct {
	Shades    []float32
	Pneumonia bool
}

// Fit fits a network. Of each two films that it is shown one has pneumonia. After each epoch
// each is called, if there is one, with the running mean of the weights; it may end the fit.
func Fit(examples []Example, s Settings, each func(epoch int, n *imaging.Network[float32], loss float64) error) (*imaging.Network[float32], error) {
	n := imaging.NewNetwork[float32]()
	n.Draw(nn.Draw{Seed: s.Seed})
	var of [2][]int // those without, those with pneumonia
	for i, x := range examples {
		k := 0
		if x.Pneumonia {
			k = 1
		}
		of[k] = append(of[k], i)
	}
	if len(of[0]) == 0 || len(of[1]) == 0 {
		return nil, fmt.Errorf("%d films without pneumonia and %d with it, want some of both", len(of[0]), len(of[1]))
	}
	tape := nn.NewTape(&n.Params, true)
	// Of few films a batch has fewer, so that an epoch has some steps.
	size := min(s.Batch, max(len(examples)/8, 4))
	steps := (len(examples) + size - 1) / size
	schedule := nn.Schedule{Rate: s.Rate, Warmup: steps, Steps: steps * s.Epochs, Floor: 0.01}
	optimiser := nn.NewAdamW[float32](n.Params.Total(), s.Decay)
	mean := imaging.NewNetwork[float32]()
	copy(mean.Params.Values, n.Params.Values)
	order := make([]int, len(examples))
	var input, targets, weights []float32
	it := 0
	for epoch := range s.Epochs {
		balanced(order, of, nn.Draw{Seed: s.Seed, Step: uint64(epoch)})
		loss := 0.0
		for from := 0; from < len(order); from += size {
			it++
			batch := order[from:min(from+size, len(order))]
			input, targets, weights = input[:0], targets[:0], weights[:0]
			for k, i := range batch {
				x := examples[i]
				input = imaging.Input(input, augmented(x.Shades, nn.Draw{Seed: s.Seed, Step: uint64(epoch)}.Row(2, uint64(from+k))))
				y := float32(s.Smooth)
				if x.Pneumonia {
					y = 1 - y
				}
				targets, weights = append(targets, y), append(weights, 1/float32(len(batch)))
			}
			tape.Reset()
			_, logit := n.Forward(tape, len(batch), input, nn.Dropping{Draw: nn.Draw{Seed: s.Seed, Step: uint64(it)}, Stream: 3, Rate: s.Drop})
			l := tape.BCE(logit, targets, weights)
			tape.Backward(l)
			loss += float64(l.Value[0])
			nn.Clip(tape.Grads(), 1)
			optimiser.Step(n.Params.Values, tape.Grads(), schedule.At(it))
			nn.Average(mean.Params.Values, n.Params.Values, 0.99, it)
		}
		if each != nil {
			if err := each(epoch, mean, loss/float64(steps)); err != nil {
				return nil, err
			}
		}
	}
	return mean, nil
}

// balanced draws an order in which both answers take turns; of the rarer one films come again and
// again, each time as another technician would have taken them.
func balanced(order []int, of [2][]int, d nn.Draw) {
	var at [2]int
	var queue [2][]int
	for i := range order {
		k := i % 2
		if at[k]%len(of[k]) == 0 {
			queue[k] = slices.Clone(of[k])
			d.Row(1, uint64(2*(at[k]/len(of[k]))+k)).Shuffle(queue[k])
		}
		order[i] = queue[k][at[k]%len(of[k])]
		at[k]++
	}
}

// Logits are those of films.
func Logits(n *imaging.Network[float32], films [][]float32) []float64 {
	tape := nn.NewTape(&n.Params, false)
	var out []float64
	var input []float32
	for from := 0; from < len(films); from += 64 {
		batch := films[from:min(from+64, len(films))]
		input = input[:0]
		for _, x := range batch {
			input = imaging.Input(input, x)
		}
		tape.Reset()
		_, logit := n.Forward(tape, len(batch), input, nn.Dropping{})
		for _, v := range logit.Value {
			out = append(out, float64(v))
		}
	}
	return out
}
