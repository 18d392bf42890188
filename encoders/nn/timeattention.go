package nn

import "math"

// TimeEmbedding sets out [E] to the embedding of time t: the first element is
// linear, the rest sines (Time2Vec). w and b are [E].
func TimeEmbedding[F Float](out []F, t float64, w, b []F) {
	if len(w) != len(out) || len(b) != len(out) {
		panic("nn: TimeEmbedding: shapes do not fit")
	}
	for i := range out {
		arg := float64(w[i])*t + float64(b[i]) // in float64: a large argument of a sine
		if i > 0 {
			arg = math.Sin(arg)
		}
		out[i] = F(arg)
	}
}

// SoftCap bounds an attention score: 8 tanh(s/8).
func SoftCap(s float64) float64 { return 8 * math.Tanh(s/8) }

// TimeAttention sets out [H][T] to one channel's multi-time attention over hour
// bins: out[h][r] = sum_b w[h][r][b] n[b] x[b] / sum_b w[h][r][b] n[b], where w is
// the table of exponentiated scores [H][T][B], x the bins' values and n their
// weights (0: the bin is empty). Where nothing was observed it is 0. used [B] is
// scratch. This is the closed form of mTAND with a mask per channel.
func TimeAttention[F Float](out, table, x, n []F, used []int) {
	bins := len(x)
	if len(n) != bins || len(table) != len(out)*bins || len(used) < bins {
		panic("nn: TimeAttention: shapes do not fit")
	}
	k := 0
	for b, v := range n {
		if v > 0 {
			used[k] = b
			k++
		}
	}
	for i := range out {
		row := table[i*bins : i*bins+bins]
		var num, den F
		for _, b := range used[:k] {
			w := row[b] * n[b]
			num += w * x[b]
			den += w
		}
		out[i] = 0
		if den > 0 {
			out[i] = num / den
		}
	}
}
