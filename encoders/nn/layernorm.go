package nn

import "math"

// LayerNormEpsilon is added to the biased variance under the root.
const LayerNormEpsilon = 1e-5

// LayerNorm sets out [D] to the normalised x [D] times gain plus bias. Mean and
// variance are summed in float64, in 8 running sums as [Sum].
func LayerNorm[F Float](out, x, gain, bias []F) {
	if len(out) != len(x) || len(gain) != len(x) || len(bias) != len(x) {
		panic("nn: LayerNorm: shapes do not fit")
	}
	if isSingle[F]() && layerNormFast(single(out), single(x), single(gain), single(bias)) {
		return
	}
	mean, scale := moments(x)
	for i, v := range x {
		out[i] = fma(F((float64(v)-mean)*scale), gain[i], bias[i])
	}
}

// moments are the mean of x and one over the root of its variance.
func moments[F Float](x []F) (mean, scale float64) {
	var s, q [lanes]float64
	for i, v := range x {
		s[i%lanes] += float64(v)
	}
	mean = tree(&s) / float64(len(x))
	for i, v := range x {
		d := float64(v) - mean
		q[i%lanes] += float64(d * d)
	}
	return mean, 1 / math.Sqrt(tree(&q)/float64(len(x))+LayerNormEpsilon)
}

// LayerNormBackward adds to dx [D], dgain [D] and dbias [D] the gradients of
// LayerNorm at x [D], given that of its output dy [D]. With y the normalised x and
// g = dy gain: dx += (g - mean(g) - y mean(g y)) / deviation.
func LayerNormBackward[F Float](dx, dgain, dbias, x, gain, dy []F) {
	if len(dx) != len(x) || len(dgain) != len(x) || len(dbias) != len(x) || len(gain) != len(x) || len(dy) != len(x) {
		panic("nn: LayerNormBackward: shapes do not fit")
	}
	mean, scale := moments(x)
	var a, b [lanes]float64
	for i, v := range x {
		y, g := (float64(v)-mean)*scale, float64(float64(dy[i])*float64(gain[i]))
		a[i%lanes] += g
		b[i%lanes] += float64(g * y)
		dgain[i] += F(float64(dy[i]) * y)
		dbias[i] += dy[i]
	}
	n := float64(len(x))
	along, across := tree(&a)/n, tree(&b)/n
	for i, v := range x {
		y, g := (float64(v)-mean)*scale, float64(float64(dy[i])*float64(gain[i]))
		dx[i] += F((g - along - float64(y*across)) * scale)
	}
}
