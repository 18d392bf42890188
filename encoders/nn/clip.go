package nn

import "math"

// Norm is the Euclidean norm of x [N], summed in float64 in the order of [Sum].
func Norm[F Float](x []F) float64 {
	var s [lanes]float64
	i := 0
	for ; i+lanes <= len(x); i += lanes {
		for l := range s {
			v := float64(x[i+l])
			s[l] += float64(v * v)
		}
	}
	for l := range len(x) - i {
		v := float64(x[i+l])
		s[l] += float64(v * v)
	}
	return math.Sqrt(tree(&s))
}

// Clip scales the gradient [N] down to norm limit if it is longer (Pascanu et al.
// 2013), and returns the norm that it had. A norm that is no number leaves it alone.
func Clip[F Float](grads []F, limit float64) float64 {
	norm := Norm(grads)
	if norm > limit {
		scale := F(limit / norm)
		for i := range grads {
			grads[i] *= scale
		}
	}
	return norm
}
