package vitals

import (
	"slices"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// Channel is how a model reads a numeric channel. f is its transform in the channel
// table.
type Channel struct {
	ID        schemas.Channel
	Low, High float32 // in the canonical unit; what is outside, or outside the table's range for models, is not read. Both 0: the table's alone holds
	Centre    float64 // of f(x)
	Scale     float64 // of f(x), above 0
}

func (c *Channel) bounded() bool { return c.Low != 0 || c.High != 0 }

// reads says whether the model reads a value.
func (c *Channel) reads(x float32) bool {
	return c.ID.Info().Models.Has(x) && (!c.bounded() || x >= c.Low && x <= c.High)
}

// Narrow says whether the model reads less than the sums of a window hold, so that it
// needs the observations.
func (c *Channel) Narrow() bool {
	return c.bounded() && !c.ID.Info().Models.Within(schemas.Range{Low: c.Low, High: c.High})
}

// Standardise puts cells of f(x) on the scale of z, see the package.
func Standardise(s *encoders.Series, channels []Channel) {
	for c := range channels {
		centre, per := channels[c].Centre, 1/channels[c].Scale
		for i := c * s.Cells; i < (c+1)*s.Cells; i++ {
			standardise(s, i, centre, per)
		}
	}
}

// standardise puts the cell at i on the scale.
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

// standard is z of f.
func standard(f float32, centre, per float64) float32 {
	return float32(min(max((float64(f)-centre)*per, -encoders.Limit), encoders.Limit))
}

// normalSpread is the 90th less the 10th percentile of a normal distribution of
// deviation 1.
const normalSpread = 2.563

// FitScale is the centre (median) and scale (90th less 10th percentile, over that of
// the normal distribution) of a channel's cell means in f(x). It sorts means. ok is
// false where they tell nothing: fewer than 50, or no spread.
func FitScale(means []float32) (centre, scale float64, ok bool) {
	if len(means) < minValid {
		return 0, 0, false
	}
	slices.Sort(means)
	scale = (quantile(means, 0.9) - quantile(means, 0.1)) / normalSpread
	return quantile(means, 0.5), scale, scale > 0
}

// minValid is how many values a quantile wants.
const minValid = 50

// quantile of sorted values, linear between the two that are nearest.
func quantile(sorted []float32, q float64) float64 {
	at := float64(q * float64(len(sorted)-1))
	i := min(int(at), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	low, high := float64(sorted[i]), float64(sorted[j])
	return low + float64((high-low)*(at-float64(i)))
}
