package nn

import "math"

// TimeEmbedding sets out [E] to the embedding of time t: the first element is
// linear, the rest sines (Time2Vec). w and b are [E].
func TimeEmbedding[F Float](out []F, t float64, w, b []F) {
	if len(w) != len(out) || len(b) != len(out) {
		panic("nn: TimeEmbedding: shapes do not fit")
	}
	for i := range out {
		arg := float64(float64(w[i])*t) + float64(b[i]) // in float64: a large argument of a sine; not fused
		if i > 0 {
			arg = math.Sin(arg)
		}
		out[i] = F(arg)
	}
}

// SoftCap bounds an attention score: 8 tanh(s/8).
func SoftCap(s float64) float64 { return 8 * math.Tanh(s/8) }
