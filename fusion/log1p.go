package fusion

import "math"

// log1pSteps is how many tangents the short logarithm has between 1 and 2.
const log1pSteps = 128

// log1pInverse and log1pOf are, for every step, the inverse of its middle, and the logarithm of what
// that inverse is the inverse of.
var log1pInverse, log1pOf = func() (inverse, of [log1pSteps]float64) {
	for i := range inverse {
		inverse[i] = log1pSteps / (log1pSteps + float64(i) + 0.5)
		of[i] = -math.Log(inverse[i])
	}
	return inverse, of
}()

// log1p is float32(math.Log1p(z)), to the bit, and faster: the intensities were half of what the time attention
// costs. It takes log(1+z) from a table and a series with an error well below log1pError,
// and asks package math only where numbers so near to it round to different float32.
func log1p(z float64) float32 {
	if !(z > 0x1p-20 && z < 0x1p40) {
		return float32(math.Log1p(z))
	}
	bits := math.Float64bits(1 + z)
	step := bits >> 45 & (log1pSteps - 1)
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52) // in [1,2)
	r := float64(m*log1pInverse[step]) - 1               // within 1/256
	square := float64(r * r)
	// In pairs, which do not wait for each other: r - r²/2 + r³/3 - r⁴/4 + r⁵/5 - r⁶/6.
	pairs := float64(square*(1./5-float64(r*(1./6)))) + (1./3 - float64(r*(1./4)))
	series := float64(r*float64(square*pairs)) + (r - float64(square*0.5))
	v := float64(float64(int(bits>>52)-1023)*math.Ln2) + log1pOf[step] + series
	low, high := float32(v-log1pError), float32(v+log1pError)
	if low != high {
		return float32(math.Log1p(z))
	}
	return low
}

// log1pError is above the error of the short logarithm and of math.Log1p together. The rounding of 1+z, of m times
// the inverse, of the series and of the sums is below 2e-16 each and, since a sum is below 28, 4e-15 for
// the two sums; what the series leaves out is below 3e-18.
const log1pError = 1e-14
