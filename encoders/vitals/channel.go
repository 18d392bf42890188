package vitals

import "github.com/vigil-icu/vigil/schemas"

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
