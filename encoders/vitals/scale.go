package vitals

import (
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// Channel is how a model reads a numeric channel.
type Channel struct {
	ID schemas.Channel
	// Low and High are the model's range in the canonical unit. What is outside it, or
	// outside the table's range for models, is not read. Where both are 0 the table's
	// range alone holds.
	Low, High float32
	// Centre and Scale put f(x) on the scale of z, where f is the channel's transform in
	// the channel table. Scale is above 0.
	Centre float64
	Scale  float64
}

// bounded says whether the model has a range of its own.
func (c *Channel) bounded() bool { return c.Low != 0 || c.High != 0 }

// reads says whether the model reads a value.
func (c *Channel) reads(x float32) bool {
	return c.ID.Info().Models.Has(x) && (!c.bounded() || x >= c.Low && x <= c.High)
}

// Narrow says whether the model may read less than the sums of a window hold. Then some hours
// must be read from the observations.
func (c *Channel) Narrow() bool {
	return c.bounded() && !c.ID.Info().Models.Within(schemas.Range{Low: c.Low, High: c.High})
}

// Standardise puts cells of f(x) on the scale of z, as the package's comment says. It leaves
// empty cells at 0, which is then the centre; Count tells them apart.
func Standardise(s *encoders.Series, channels []Channel) {
	for c := range channels {
		centre, per := channels[c].Centre, 1/channels[c].Scale
		for i := c * s.Cells; i < (c+1)*s.Cells; i++ {
			standardise(s, i, centre, per)
		}
	}
}

// standardise puts the cell at i on the scale; per is 1/scale.
func standardise(s *encoders.Series, i int, centre, per float64) {
	switch s.Count[i] {
	case 0:
	case 1:
		z := standard(s.Mean[i], centre, per)
		s.Mean[i], s.Min[i], s.Max[i], s.First[i], s.Last[i] = z, z, z, z, z
	default:
		s.Mean[i], s.Min[i], s.Max[i] = standard(s.Mean[i], centre, per), standard(s.Min[i], centre, per), standard(s.Max[i], centre, per)
		s.First[i], s.Last[i] = standard(s.First[i], centre, per), standard(s.Last[i], centre, per)
		s.Var[i] = float32(float64(s.Var[i]) * (per * per))
	}
}

// standard is z of f, clipped to [-Limit, Limit].
func standard(f float32, centre, per float64) float32 {
	return float32(min(max((float64(f)-centre)*per, -encoders.Limit), encoders.Limit))
}

// normalSpread is the 90th less the 10th percentile of a normal distribution with a standard
// deviation of 1.
const normalSpread = 2.563

// FitScale returns the centre (the median) and the scale (the 90th less the 10th percentile,
// over that of the normal distribution) of a channel's cell means in f(x). Quantiles are
// used because charts hold slips that a mean and a standard deviation would follow. It sorts
// means. It answers false where they tell nothing: fewer than 50, or without spread.
func FitScale(means []float32) (centre, scale float64, ok bool) {
	if len(means) < minValid {
		return 0, 0, false
	}
	slices.Sort(means)
	scale = (quantile(means, 0.9) - quantile(means, 0.1)) / normalSpread
	return quantile(means, 0.5), scale, scale > 0
}

// minValid is how many values are wanted for quantiles to mean something.
const minValid = 50

// quantile is the quantile q of sorted values, linear between the two that are nearest, as
// NumPy's default is.
func quantile(sorted []float32, q float64) float64 {
	at := float64(q * float64(len(sorted)-1))
	i := min(int(at), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	low, high := float64(sorted[i]), float64(sorted[j])
	return low + float64((high-low)*(at-float64(i)))
}
