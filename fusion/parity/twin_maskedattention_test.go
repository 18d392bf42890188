package parity

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// attentionScores sets out [H][T][L] to the scaled products of queries [T][E] and
// keys [L][E], head by head: heads are contiguous slices of E/H, the scale is
// 1/sqrt(E/H).
func attentionScores[F nn.Float](out, queries, keys []F, heads, width int) {
	if heads < 1 || width%heads != 0 || width < 1 || len(queries)%width != 0 || len(keys)%width != 0 ||
		len(out) != heads*(len(queries)/width)*(len(keys)/width) {
		panic("parity: AttentionScores: shapes do not fit")
	}
	t, l, d := len(queries)/width, len(keys)/width, width/heads
	scale := F(1 / math.Sqrt(float64(d)))
	for h := range heads {
		for j := range t {
			q := queries[j*width+h*d : j*width+h*d+d]
			row := out[(h*t+j)*l : (h*t+j)*l+l]
			for i := range row {
				row[i] = nn.Dot(q, keys[i*width+h*d:i*width+h*d+d]) * scale
			}
		}
	}
}

// maskedAverage sets out [C] to the averages of values [L][C], each weighted with
// the softmax of scores [L] over the rows that mask [L][C] admits (> 0). Where a
// column admits no row it is 0; values behind the mask are not read.
func maskedAverage[F nn.Float](out, scores, values, mask []F) {
	c := len(out)
	if len(values) != len(scores)*c || len(mask) != len(values) {
		panic("parity: MaskedAverage: shapes do not fit")
	}
	for k := range out {
		out[k] = 0
		top, seen := F(0), false
		for i, s := range scores {
			if mask[i*c+k] > 0 && (!seen || s > top) {
				top, seen = s, true
			}
		}
		if !seen {
			continue
		}
		var num, den F
		for i, s := range scores {
			if mask[i*c+k] > 0 {
				w := F(math.Exp(float64(s - top)))
				num += w * values[i*c+k]
				den += w
			}
		}
		out[k] = num / den
	}
}
