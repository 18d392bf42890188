package ecg

import "slices"

// second finds beats another way, after Elgendi ("Fast QRS Detection with an Optimized
// Knowledge-Based Method", PLoS ONE 2013): a beat is where the power from 8 to 20 Hz, averaged
// over a QRS's width, exceeds that averaged over a beat's time. Where two so unlike detectors
// agree, the signal is an ECG.
type second struct {
	filter              bandPass
	power, narrow, wide []float64
	beats               []int
}

// Times of the second detector in seconds, as the paper found them best.
const (
	qrsWidth = 0.097
	beatTime = 0.611
)

// detect returns the samples of the beats, which are good until the next call.
func (d *second) detect(samples []int16, rate float64) []int {
	n := len(samples)
	d.power = slices.Grow(d.power[:0], n)[:n]
	d.narrow = slices.Grow(d.narrow[:0], n)[:n]
	d.wide = slices.Grow(d.wide[:0], n)[:n]
	d.filter.set(rate, 8, 20)
	d.filter.apply(d.power, samples)
	var sum float64
	for i, v := range d.power {
		d.power[i] = v * v
		sum += float64(v * v)
	}
	movingMean(d.narrow, d.power, int(qrsWidth*rate))
	movingMean(d.wide, d.power, int(beatTime*rate))
	d.beats = d.beats[:0]
	offset := 0.08 * sum / float64(n)
	from := -1
	for i := 0; i <= n; i++ {
		if i < n && d.narrow[i] > d.wide[i]+offset {
			if from < 0 {
				from = i
			}
			continue
		}
		if from >= 0 && i-from >= int(qrsWidth*rate) {
			d.block(from, i, int(refractory*rate))
		}
		from = -1
	}
	return d.beats
}

// block adds the beat of the samples [from, to). Of two that are nearer to each other than
// apart only the stronger stays.
func (d *second) block(from, to, apart int) {
	at := from
	for i := from; i < to; i++ {
		if d.power[i] > d.power[at] {
			at = i
		}
	}
	if k := len(d.beats) - 1; k >= 0 && at-d.beats[k] < apart {
		if d.power[at] > d.power[d.beats[k]] {
			d.beats[k] = at
		}
		return
	}
	d.beats = append(d.beats, at)
}
