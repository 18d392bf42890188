package modelfolder

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/encoders/waveform"
	"github.com/vigil-icu/vigil/schemas"
)

// tensor is what the network is given of a strip, in millivolts times PerMV.
func (s *Strip) tensor(strip *schemas.Strip) (network.Tensor, error) {
	t := network.Tensor{Name: s.Input, Shape: []int{1, len(s.Leads), s.Samples}, Floats: make([]float32, len(s.Leads)*s.Samples)}
	rate := int(strip.RateHz)
	if float64(rate) != strip.RateHz {
		return t, fmt.Errorf("the strip has %v samples a second, expected a whole number", strip.RateHz)
	}
	found := 0
	for i, lead := range s.Leads {
		at := slices.IndexFunc(strip.Leads, func(have string) bool { return strings.EqualFold(have, lead) })
		if at < 0 && s.Missing == "refuse" {
			return t, fmt.Errorf("the strip has no lead %s: found %s, expected %s", lead, strings.Join(strip.Leads, ", "), strings.Join(s.Leads, ", "))
		}
		if at < 0 {
			continue
		}
		found++
		if err := s.lead(t.Floats[i*s.Samples:][:s.Samples], strip.Samples[at], strip.Gain, rate); err != nil {
			return t, fmt.Errorf("lead %s: %w", lead, err)
		}
	}
	if found == 0 {
		return t, fmt.Errorf("the strip has none of the leads %s", strings.Join(s.Leads, ", "))
	}
	return t, nil
}

// lead fills one lead of the network's input.
func (s *Strip) lead(dst []float32, samples []int16, gain float64, rate int) error {
	// Only what is taken is looked at, and what the filter needs around it.
	most := int(min(int64(len(samples)), (int64(s.Samples)+64)*int64(rate)/int64(s.RateHz)+64))
	if s.Take == "last" {
		samples = samples[len(samples)-most:]
	} else {
		samples = samples[:most]
	}
	x := make([]float64, len(samples))
	for i, v := range samples {
		if v == math.MinInt16 || v == math.MaxInt16 {
			return fmt.Errorf("sample %d was not taken, or is at the end of the range", i)
		}
		x[i] = float64(v) * gain
	}
	if rate != s.RateHz {
		r, err := waveform.NewResampler(rate, s.RateHz)
		if err != nil {
			return err
		}
		x = r.Flush(r.Push(nil, x))
	}
	if len(x) < len(dst) && s.Short == "refuse" {
		return fmt.Errorf("found %d samples at %d Hz, expected %d", len(x), s.RateHz, len(dst))
	}
	if n := len(x) - len(dst); n > 0 && s.Take == "last" {
		x = x[n:]
	}
	for i := range min(len(x), len(dst)) {
		dst[i] = float32(x[i] * s.PerMV)
	}
	return nil
}

// strip makes the vector of a strip.
func (e *Encoder) strip(ctx context.Context, strip *schemas.Strip) ([]float32, error) {
	t, err := e.Manifest.Strip.tensor(strip)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	v, err := e.run(ctx, []network.Tensor{t}, e.Manifest.Strip.Output)
	if err != nil {
		return nil, err
	}
	return e.whole(v)
}
