package parity

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/fusion"
)

var _ = register("imputation", runImputation[float64], runImputation[float32])

// runImputation goes the production way for the true carry-forward on hour bins, from
// the series that a window makes of the events. The same rule at whole hours is that of
// bins which end there. What the published loader does is no part of the model: that
// table is made here, by its own rule.
func runImputation[F nn.Float](c *Case) (Outputs[F], error) {
	rows, channels := c.Int("T"), c.Int("C")
	t, x, mask := In[float64](c, "t"), In[float32](c, "X"), In[F](c, "mask")
	out := Outputs[F]{"R_code": loaderTable(rows, channels, t, In[F](c, "X"), mask)}
	members := make([]int, channels)
	for i := range members {
		members[i] = i
	}
	for _, rule := range []struct {
		name string
		cell func(hours float64) int
	}{
		{"R_locf_bin", func(hours float64) int { return int(hours) }},
		{"R_locf_point", func(hours float64) int { // the first whole hour not before it
			if whole := int(hours); float64(whole) == hours {
				return whole
			}
			return int(hours) + 1
		}},
	} {
		s := encoders.NewSeries(channels, rows)
		for i, hours := range t {
			cell := rule.cell(hours)
			if hours < 0 || cell >= rows {
				continue
			}
			for ch := range channels {
				if mask[i*channels+ch] > 0 {
					s.Count[ch*rows+cell]++
					s.Last[ch*rows+cell] = x[i*channels+ch]
				}
			}
		}
		table := make([]float32, rows*2*channels)
		fusion.CarryForward(table, &s, members, rows)
		for i, v := range table {
			if rule.name == "R_locf_point" && i%(2*channels) >= channels {
				continue // values without indicators
			}
			out[rule.name] = append(out[rule.name], F(v))
		}
	}
	return out, nil
}

// loaderTable is the hourly table [T][2C] as the published loader fills it from events
// in order at t [L] hours with x and mask [L][C]. It keeps the quirks: an hour without
// events stays 0 and breaks the chain, a later event that lacks a channel puts the hour
// before over the value of its own hour, an observed 0 is not carried.
func loaderTable[F nn.Float](rows, channels int, t []float64, x, mask []F) []F {
	r := make([]F, rows*2*channels)
	for i, hours := range t {
		row := int(hours)
		if hours < 0 || row >= rows {
			continue
		}
		at, before := row*2*channels, (row+rows-1)%rows*2*channels // row 0 looks at the last
		for c := range channels {
			switch {
			case mask[i*channels+c] > 0:
				r[at+c], r[at+channels+c] = x[i*channels+c], 1
			case r[before+c] != 0:
				r[at+c] = r[before+c]
			}
		}
	}
	return r
}
