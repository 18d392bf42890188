package nn

import "math"

// Schedule is a learning rate that rises for Warmup steps in a line to Rate and falls
// in half a cosine to Floor * Rate at the last of Steps.
type Schedule struct {
	Rate          float64
	Warmup, Steps int
	Floor         float64
}

// At is the rate of step it = 1, 2, .., Steps.
func (s Schedule) At(it int) float64 {
	if it <= s.Warmup {
		return s.Rate * float64(it) / float64(s.Warmup)
	}
	done := float64(it-s.Warmup) / float64(max(1, s.Steps-s.Warmup))
	return s.Rate * (s.Floor + float64((1-s.Floor)*0.5*(1+math.Cos(math.Pi*min(done, 1)))))
}
