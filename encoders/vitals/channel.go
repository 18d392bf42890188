package vitals

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// Transform is f in z = (f(x) - centre) / scale.
type Transform uint8

// Transforms.
const (
	Identity Transform = iota
	Log                // log x, x at least 1e-3
	Log1p              // log(1+x), x at least 0
)

var transformNames = [...]string{"id", "log", "log1p"}

// ParseTransform reads a transform's name: id, log or log1p.
func ParseTransform(name string) (Transform, error) {
	for i, n := range transformNames {
		if n == name {
			return Transform(i), nil
		}
	}
	return 0, fmt.Errorf("transform %q, want id, log or log1p", name)
}

func (t Transform) String() string { return transformNames[t] }

// Of is f(x).
func (t Transform) Of(x float64) float64 {
	switch t {
	case Log:
		return math.Log(max(x, 1e-3))
	case Log1p:
		return math.Log1p(max(x, 0))
	}
	return x
}

// Channel is how a model reads a numeric channel.
type Channel struct {
	ID        schemas.Channel
	Transform Transform
	Low, High float32 // in the canonical unit; what is outside is not read. Both 0: everything is read
	Centre    float64 // of f(x)
	Scale     float64 // of f(x), above 0
}

// reads says whether the model reads a value.
func (c *Channel) reads(x float32) bool {
	return c.Low == 0 && c.High == 0 || x >= c.Low && x <= c.High
}
