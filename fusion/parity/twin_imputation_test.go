package parity

import "github.com/vigil-icu/vigil/encoders/nn"

var _ = registerTwin("imputation", imputation[float64], imputation[float32])

// carryBins is the true carry-forward on hour bins [T][2C]: the last value of the
// bin, else that of the bin before; the indicator says observed in this bin.
func carryBins[F nn.Float](rows, channels int, t []float64, x, mask []F) []F {
	r := make([]F, rows*2*channels)
	last := make([]F, channels)
	i := 0
	for row := range rows {
		at := row * 2 * channels
		for ; i < len(t) && t[i] < float64(row+1); i++ {
			for c := range channels {
				if mask[i*channels+c] > 0 {
					last[c], r[at+channels+c] = x[i*channels+c], 1
				}
			}
		}
		copy(r[at:at+channels], last)
	}
	return r
}

// carryPoints is the true carry-forward at whole hours [T][C]: row i holds the last
// value with t <= i hours.
func carryPoints[F nn.Float](rows, channels int, t []float64, x, mask []F) []F {
	r := make([]F, rows*channels)
	last := make([]F, channels)
	i := 0
	for row := range rows {
		for ; i < len(t) && t[i] <= float64(row); i++ {
			for c := range channels {
				if mask[i*channels+c] > 0 {
					last[c] = x[i*channels+c]
				}
			}
		}
		copy(r[row*channels:], last)
	}
	return r
}

func imputation[F nn.Float](c *Case) (Outputs[F], error) {
	rows, channels := c.Int("T"), c.Int("C")
	t, x, mask := In[float64](c, "t"), In[F](c, "X"), In[F](c, "mask")
	return Outputs[F]{
		"R_code":       loaderTable(rows, channels, t, x, mask),
		"R_locf_bin":   carryBins(rows, channels, t, x, mask),
		"R_locf_point": carryPoints(rows, channels, t, x, mask),
	}, nil
}
