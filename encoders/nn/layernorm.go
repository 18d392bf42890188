package nn

import "math"

// LayerNormEpsilon is added to the biased variance under the root.
const LayerNormEpsilon = 1e-5

// LayerNorm sets out [D] to the normalised x [D] times gain plus bias.
func LayerNorm[F Float](out, x, gain, bias []F) {
	if len(out) != len(x) || len(gain) != len(x) || len(bias) != len(x) {
		panic("nn: LayerNorm: shapes do not fit")
	}
	var mean, variance float64
	for _, v := range x {
		mean += float64(v)
	}
	mean /= float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		variance += d * d
	}
	scale := 1 / math.Sqrt(variance/float64(len(x))+LayerNormEpsilon)
	for i, v := range x {
		out[i] = F((float64(v)-mean)*scale)*gain[i] + bias[i]
	}
}
