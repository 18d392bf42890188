package nn

import "math"

// Draw gives the random numbers of one training step: for dropout, gate noise,
// augmentation and shuffling. There is no state. A number is a function of (seed, step,
// stream, row, i) alone, so that it is the same whoever asks for it, in any order and on
// any core. A stream is one use of chance, such as the dropout of one layer; a row is the
// identity of a stay or of its place in a batch; i is the element.
//
// The key is the chain k = mix(mix(mix(mix(seed) + step) + stream) + row), and a number
// is mix(k + (i+1) golden): SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) begun at k.
type Draw struct{ Seed, Step uint64 }

// Row is the sequence of random numbers of one stream and row of a [Draw].
type Row struct{ key uint64 }

// golden is 2^64 over the golden ratio, the increment of SplitMix64.
const golden = 0x9e3779b97f4a7c15

// mix is the finaliser of SplitMix64, a bijection.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Row is the sequence of a stream and row, for whoever wants many numbers of it: the key
// is made once.
func (d Draw) Row(stream, row uint64) Row {
	k := mix(d.Seed + golden)
	k = mix(k + d.Step + golden)
	k = mix(k + stream + golden)
	return Row{mix(k + row + golden)}
}

// Uniform is number i of a stream and row, uniform in [0, 1).
func (d Draw) Uniform(stream, row, i uint64) float64 { return d.Row(stream, row).Uniform(i) }

// Normal is number i of a stream and row, normal with mean 0 and variance 1.
func (d Draw) Normal(stream, row, i uint64) float64 { return d.Row(stream, row).Normal(i) }

// Bits is number i as 64 bits, each of which is 0 as often as 1.
func (r Row) Bits(i uint64) uint64 { return mix(r.key + (i+1)*golden) }

// Uniform is number i in [0, 1), a multiple of 2^-53.
func (r Row) Uniform(i uint64) float64 { return float64(float64(r.Bits(i)>>11) * 0x1p-53) }

// Shuffle puts a list into a drawn order (Fisher and Yates), by the numbers 1 to len-1.
func (r Row) Shuffle(list []int) {
	for i := len(list) - 1; i > 0; i-- {
		k := int(r.Uniform(uint64(i)) * float64(i+1))
		list[i], list[k] = list[k], list[i]
	}
}

// Normal is number i with mean 0 and variance 1, by the cosine of Box and Muller from
// Bits(i) and a hash of it. Its absolute value is at most 8.6.
func (r Row) Normal(i uint64) float64 {
	b := r.Bits(i)
	radius := 1 - float64(float64(b>>11)*0x1p-53) // (0, 1]
	angle := float64(mix(b^golden)>>11) * 0x1p-53
	return math.Sqrt(-2*math.Log(radius)) * math.Cos(2*math.Pi*angle)
}

// Keep fills keep [N] with the factors of dropout, for elements first to first+N-1 of the
// row: 0 with probability drop, else 1/(1-drop), so that the expectation is 1. A drop
// outside [0, 1) panics.
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
