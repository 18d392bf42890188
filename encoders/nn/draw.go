package nn

import "math"

// Draw gives the random numbers of one training step: dropout, gate noise,
// augmentation, shuffling. There is no state: a number is a function of (seed, step,
// stream, row, i), whoever asks, in any order and on any core. A stream is one use of
// chance (the dropout of one layer, say), a row one stay's identity, i the element.
//
// The key is the chain k = mix(mix(mix(mix(seed) + step) + stream) + row), a number is
// mix(k + (i+1) golden): SplitMix64 (Steele, Lea, Flood, OOPSLA 2014) begun at k.
type Draw struct{ Seed, Step uint64 }

// Row is the sequence of one stream and row.
type Row struct{ key uint64 }

const golden = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64, a bijection.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Row is where many numbers of one stream and row are wanted.
func (d Draw) Row(stream, row uint64) Row {
	k := mix(d.Seed + golden)
	k = mix(k + d.Step + golden)
	k = mix(k + stream + golden)
	return Row{mix(k + row + golden)}
}

// Uniform is in [0, 1).
func (d Draw) Uniform(stream, row, i uint64) float64 { return d.Row(stream, row).Uniform(i) }

// Normal has mean 0 and variance 1.
func (d Draw) Normal(stream, row, i uint64) float64 { return d.Row(stream, row).Normal(i) }

// Bits are 64 bits, each as often 0 as 1.
func (r Row) Bits(i uint64) uint64 { return mix(r.key + (i+1)*golden) }

// Uniform is in [0, 1), a multiple of 2^-53.
func (r Row) Uniform(i uint64) float64 { return float64(float64(r.Bits(i)>>11) * 0x1p-53) }

// Normal has mean 0 and variance 1 (Box and Muller's cosine, from Bits(i) and a hash of
// it). |Normal| is at most 8.6.
func (r Row) Normal(i uint64) float64 {
	b := r.Bits(i)
	radius := 1 - float64(float64(b>>11)*0x1p-53) // (0, 1]
	angle := float64(mix(b^golden)>>11) * 0x1p-53
	return math.Sqrt(-2*math.Log(radius)) * math.Cos(2*math.Pi*angle)
}

// Keep fills keep [N] with dropout's factors, from element first of the row: 0 with
// probability drop, else 1/(1-drop). drop is in [0, 1).
func Keep[F Float](keep []F, r Row, first uint64, drop float64) {
	if !(drop >= 0 && drop < 1) {
		panic("nn: Keep: drop is not in [0, 1)")
	}
	kept := F(1 / (1 - drop))
	below := uint64(drop * 0x1p53)
	for i := range keep {
		keep[i] = kept
		if r.Bits(first+uint64(i))>>11 < below {
			keep[i] = 0
		}
	}
}
