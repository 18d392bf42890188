package ecg

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Result is what a strip says.
type Result struct {
	HeartRate float32           // /min, from the median interval; 0: fewer than two beats
	Quality   float32           // 0 (nothing usable) to 1
	Irregular bool              // the intervals vary by more than 15 % of their median
	Beats     []int             // sample of each R peak, in the lead that was used
	Lead      int               // which
	State     schemas.ItemState // present, or unusable
}

// Limits of a usable strip.
const (
	minSeconds = 2
	minQuality = 0.6
)

// Analyse reads the strip's best lead. It never fails: a strip of which nothing
// can be used says so in State.
func Analyse(s *schemas.Strip) Result {
	best := Result{State: schemas.Unusable}
	for i, samples := range s.Samples {
		r := analyseLead(samples, s.RateHz)
		r.Lead = i
		if i == 0 || r.Quality > best.Quality {
			best = r
		}
	}
	if best.Quality >= minQuality && len(best.Beats) > 0 {
		best.State = schemas.Present
	} else {
		best.State = schemas.Unusable
	}
	return best
}

func analyseLead(samples []int16, rate float64) Result {
	if !(rate >= 50) || float64(len(samples)) < minSeconds*rate {
		return Result{}
	}
	quality := signalQuality(samples)
	if quality == 0 {
		return Result{}
	}
	beats, contrast := Detect(samples, rate)
	r := Result{Beats: beats, Quality: quality * contrast}
	if len(beats) < 2 {
		r.Quality = 0
		return r
	}
	intervals := make([]float64, len(beats)-1)
	for i := range intervals {
		intervals[i] = float64(beats[i+1]-beats[i]) / rate
	}
	sorted := slices.Clone(intervals)
	slices.Sort(sorted)
	median := sorted[len(sorted)/2]
	r.HeartRate = float32(math.Min(60/median, 400))
	var spread float64
	for _, v := range intervals {
		spread += math.Abs(v - median)
	}
	r.Irregular = len(intervals) >= 3 && spread/float64(len(intervals)) > 0.15*median
	return r
}

// signalQuality is 0 for a flat or clipped line, else the share of samples that
// are neither stuck nor at the rails.
func signalQuality(samples []int16) float32 {
	low, high := slices.Min(samples), slices.Max(samples)
	if int(high)-int(low) < 8 {
		return 0 // flat: leads off
	}
	rails, stuck, run := 0, 0, 0
	for i, v := range samples {
		if v == low || v == high {
			rails++
		}
		if i > 0 && v == samples[i-1] {
			if run++; run > 40 {
				stuck++
			}
		} else {
			run = 0
		}
	}
	bad := float32(max(rails-len(samples)/100, 0)+stuck) / float32(len(samples))
	return max(0, 1-2*bad)
}

// Detect finds the R peaks after Pan and Tompkins (IEEE Trans. Biomed. Eng. 1985):
// band pass, slope, square, integrate, adaptive threshold with search back.
// contrast, 0 to 1, says how far the beats stand out of what lies between them.
func Detect(samples []int16, rate float64) (beats []int, contrast float32) {
	n := len(samples)
	band := bandPass(samples, rate)
	energy := make([]float64, n)
	for i := 2; i < n-2; i++ {
		slope := (2*band[i+2] + band[i+1] - band[i-1] - 2*band[i-2]) / 8
		energy[i] = slope * slope
	}
	energy = movingMean(energy, int(0.12*rate))
	// Thresholds follow the energy of recent beats and of what is between them.
	refractory := int(0.2 * rate)
	window := energy[:min(n, int(2*rate))]
	signal, noise := 0.6*slices.Max(window), mean(window)/2
	var peaks []int
	for i := 1; i < n-1; i++ {
		if energy[i] < energy[i-1] || energy[i] <= energy[i+1] {
			continue
		}
		threshold := noise + 0.25*(signal-noise)
		if energy[i] < threshold {
			noise += 0.125 * (energy[i] - noise)
			continue
		}
		if k := len(peaks); k > 0 && i-peaks[k-1] < refractory {
			if energy[i] > energy[peaks[k-1]] {
				peaks[k-1] = i
			}
			continue
		}
		peaks = searchBack(peaks, energy, i, threshold/2, refractory)
		peaks = append(peaks, i)
		signal += 0.125 * (min(energy[i], 4*signal) - signal)
	}
	var in, between float64
	for k, p := range peaks {
		beats = append(beats, snap(band, p, int(0.1*rate)))
		in += energy[p]
		if k > 0 {
			between += slices.Min(energy[peaks[k-1]:p])
			between += energy[(peaks[k-1]+p)/2]
		}
	}
	if len(peaks) < 2 || in == 0 {
		return beats, 0
	}
	ratio := between / float64(2*(len(peaks)-1)) / (in / float64(len(peaks)))
	return beats, float32(max(0, 1-1.5*ratio))
}

// searchBack looks for a beat that the threshold missed in a gap of more than 1.66
// of the usual interval.
func searchBack(peaks []int, energy []float64, next int, threshold float64, refractory int) []int {
	k := len(peaks)
	if k < 2 {
		return peaks
	}
	usual := float64(peaks[k-1]-peaks[max(0, k-6)]) / float64(k-1-max(0, k-6))
	if float64(next-peaks[k-1]) < 1.66*usual {
		return peaks
	}
	best := -1
	for i := peaks[k-1] + refractory; i < next-refractory; i++ {
		if energy[i] > threshold && energy[i] >= energy[i-1] && energy[i] > energy[i+1] && (best < 0 || energy[i] > energy[best]) {
			best = i
		}
	}
	if best >= 0 {
		peaks = append(peaks, best)
	}
	return peaks
}

// bandPass keeps about 5 to 18 Hz: a short moving mean less a long one.
func bandPass(samples []int16, rate float64) []float64 {
	x := make([]float64, len(samples))
	for i, v := range samples {
		x[i] = float64(v)
	}
	short, long := movingMean(x, max(1, int(0.028*rate))), movingMean(x, int(0.14*rate))
	for i := range x {
		x[i] = short[i] - long[i]
	}
	return x
}

// movingMean over w samples, centred.
func movingMean(x []float64, w int) []float64 {
	w = max(w, 1)
	out := make([]float64, len(x))
	var sum float64
	for i := -w / 2; i < len(x); i++ {
		if add := i + w/2; add < len(x) {
			sum += x[add]
		}
		if drop := i + w/2 - w; drop >= 0 {
			sum -= x[drop]
		}
		if i >= 0 {
			out[i] = sum / float64(w)
		}
	}
	return out
}

// snap moves a peak of the energy to the largest deflection near it.
func snap(band []float64, p, reach int) int {
	best := p
	for i := max(0, p-reach); i < min(len(band), p+reach+1); i++ {
		if math.Abs(band[i]) > math.Abs(band[best]) {
			best = i
		}
	}
	return best
}

func mean(x []float64) float64 {
	var sum float64
	for _, v := range x {
		sum += v
	}
	return sum / float64(max(len(x), 1))
}
