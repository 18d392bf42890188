package schemas

import (
	"fmt"
	"math"
)

// Transform is what a model does to a channel's values before it scales them. It stands in
// the channel table and not in the model, because windows keep sums of transformed values
// that serve every model.
type Transform uint8

// The logarithms suit quantities that spread over powers of ten, such as a creatinine, and
// volumes that are often 0.
const (
	Identity Transform = iota // x as it is
	Log                       // the natural logarithm of x; a value below 0.001 counts as 0.001
	Log1p                     // the natural logarithm of 1 + x; a value below 0 counts as 0
)

var transforms = [...]string{"id", "log", "log1p"}

// String returns the name that model files use: id, log or log1p.
func (t Transform) String() string {
	if int(t) < len(transforms) {
		return transforms[t]
	}
	return fmt.Sprintf("Transform(%d)", uint8(t))
}

// ParseTransform finds a transform by its name: id, log or log1p.
func ParseTransform(name string) (Transform, error) {
	for i, s := range transforms {
		if s == name {
			return Transform(i), nil
		}
	}
	return 0, fmt.Errorf("transform %q, want id, log or log1p", name)
}

// Of returns the transform of x. It gives the same bits on every machine, which the
// logarithm of package math does not.
func (t Transform) Of(x float32) float64 {
	switch t {
	case Log:
		return logarithm(max(float64(x), 0.001))
	case Log1p:
		return logarithm(1 + max(float64(x), 0))
	}
	return float64(x)
}

// logarithm is the natural logarithm of FreeBSD's e_log.c (Sun Microsystems, 1993), which
// math.Log follows too where it is not assembly. The conversions to float64 keep the
// compiler from fusing a product with a sum, which would round once where others round
// twice. x must be finite and above 0.
func logarithm(x float64) float64 {
	const (
		ln2Hi = 6.93147180369123816490e-01
		ln2Lo = 1.90821492927058770002e-10
		l1    = 6.666666666666735130e-01
		l2    = 3.999999999940941908e-01
		l3    = 2.857142874366239149e-01
		l4    = 2.222219843214978396e-01
		l5    = 1.818357216161805012e-01
		l6    = 1.531383769920937332e-01
		l7    = 1.479819860511658591e-01
	)
	f, exponent := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f *= 2
		exponent--
	}
	f--
	k := float64(exponent)
	s := f / (2 + f)
	s2 := s * s
	s4 := s2 * s2
	t1 := float64(s2 * (l1 + float64(s4*(l3+float64(s4*(l5+float64(s4*l7)))))))
	t2 := float64(s4 * (l2 + float64(s4*(l4+float64(s4*l6)))))
	r := t1 + t2
	half := float64(0.5 * f * f)
	return float64(k*ln2Hi) - ((half - (float64(s*(half+r)) + float64(k*ln2Lo))) - f)
}
