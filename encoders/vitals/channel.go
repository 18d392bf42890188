package vitals

import "github.com/vigil-icu/vigil/schemas"

// Channel is how a model reads a numeric channel. f is its transform in the channel
// table.
type Channel struct {
	ID        schemas.Channel
	Low, High float32 // in the canonical unit; what is outside is not read. Both 0: everything is read
	Centre    float64 // of f(x)
	Scale     float64 // of f(x), above 0
}

func (c *Channel) bounded() bool { return c.Low != 0 || c.High != 0 }

// reads says whether the model reads a value.
func (c *Channel) reads(x float32) bool {
	return !c.bounded() || x >= c.Low && x <= c.High
}
