package ecg

import (
	"math"
	"slices"
)

// tooLow says whether the beats are lower, in the band of a QRS, than any QRS is (0.03 mV) or
// than what the converter can show (4 units). gain is in millivolt per unit, or 0 where it is
// not known.
func (d *Detector) tooLow(beats []int, gain float64) bool {
	var sum float64
	for _, at := range beats {
		sum += math.Abs(d.band[at])
	}
	height := sum / float64(len(beats))
	return height < 4 || gain > 0 && height*gain < 0.03 // mV
}

// flat says whether nothing in the band of a QRS is higher than 0.05 mV, which makes the 0.1 mV
// from top to bottom below which a defibrillator is to call asystole (American Heart
// Association, Circulation 1997), or than what the converter can show.
func (d *Detector) flat(gain float64) bool {
	height := 0.0
	for _, v := range d.band {
		height = max(height, math.Abs(v))
	}
	return height < 4 || gain > 0 && height*gain < 0.05 // mV
}

// contrast is how far the power falls between the beats, from 0 to 1. Beats of real strips have
// 0.8 and more, noise has 0.4 to 0.6.
func (d *Detector) contrast(beats []int) float64 {
	var peaks, valleys float64
	for k, at := range beats {
		peaks += math.Sqrt(d.power[at])
		if k > 0 {
			valleys += math.Sqrt(slices.Min(d.power[beats[k-1]:at]))
		}
	}
	if len(beats) < 2 || peaks == 0 {
		return 0
	}
	return max(0, 1-valleys/float64(len(beats)-1)*float64(len(beats))/peaks)
}

// likeness is how alike the beats are, from -1 to 1. It is the lower quartile, over the beats,
// of the correlation of a beat with the mean of the others, both over a stretch around the beat.
// Beats of one kind have 0.9 and more, also where they are broad and fast and leave no valley
// between them; noise hardly reaches 0.8.
func (d *Detector) likeness(beats []int, half int) float64 {
	width := 2*half + 1
	d.shape = slices.Grow(d.shape[:0], width)[:width]
	for i := range d.shape {
		d.shape[i] = 0
	}
	n := 0
	for _, at := range beats {
		if x, norm := d.around(at, half); norm > 0 {
			n++
			for i, v := range x {
				d.shape[i] += v / norm
			}
		}
	}
	if n < 4 {
		return 0
	}
	d.sorted = d.sorted[:0]
	for _, at := range beats {
		x, norm := d.around(at, half)
		if norm == 0 {
			continue
		}
		var product, others float64
		for i, v := range x {
			other := d.shape[i] - v/norm
			product += float64(v / norm * other)
			others += float64(other * other)
		}
		if others > 0 {
			product /= math.Sqrt(others)
		}
		d.sorted = append(d.sorted, product)
	}
	slices.Sort(d.sorted)
	return d.sorted[len(d.sorted)/4]
}

// around is the band near a beat and its norm, which is 0 where the strip ends too soon.
func (d *Detector) around(at, half int) (x []float64, norm float64) {
	if at < half || at+half >= len(d.band) {
		return nil, 0
	}
	x = d.band[at-half : at+half+1]
	for _, v := range x {
		norm += float64(v * v)
	}
	return x, math.Sqrt(norm)
}

// standing is from 0, for noise, to 1 for beats that stand out of what lies between them, or
// that are as alike as no noise is. Either is enough, since broad fast beats leave no valley
// and ectopic ones are not alike.
func standing(contrast, likeness float64) float64 {
	return min(1, max(0, (contrast-0.4)/0.4, (likeness-0.8)/0.15))
}

// agreement is the share of beats that both lists have within reach of each other, in samples:
// twice the common ones by all, which is the F1 score of one against the other.
func agreement(x, y []int, reach int) float64 {
	common, j := 0, 0
	for _, at := range x {
		for j < len(y) && y[j] < at-reach {
			j++
		}
		if j < len(y) && y[j] <= at+reach {
			common++
			j++
		}
	}
	if len(x)+len(y) == 0 {
		return 0
	}
	return 2 * float64(common) / float64(len(x)+len(y))
}
