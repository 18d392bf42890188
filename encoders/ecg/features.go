package ecg

import (
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// Featurer tells of a strip what a classifier needs: of each beat its time among the others and
// its shape beside theirs, in each lead, and of the strip its rhythm. Its zero value is ready. It
// is for one goroutine at a time.
type Featurer struct {
	analyser Analyser
	repair   repair
	filter   bandPass
	rate     float64
	gain     float64     // millivolt per unit, NaN where it is not known
	waves    [][]float64 // of each lead from 0.5 to 40 Hz, by the beats' scale
	shapes   []shape     // of each beat in the lead at hand
	usual    shape
	features Features
}

// Features are those of one strip. What cannot be told is NaN.
type Features struct {
	Beats []int         // samples
	Leads [][][]float32 // of each lead, of each beat: the features that BeatFeatures names
	Strip []float32     // the features that StripFeatures names
}

// A shape is a beat at gridRate, from before samples before its R peak to after behind it.
const (
	gridRate = 125
	before   = 40
	after    = 60
	width    = before + after + 1
)

type shape [width]float64

// span is a part of a shape, in grid samples from the R peak on.
type span struct{ from, to int }

var (
	qrsSpan  = span{-10, 14}
	wideSpan = span{-18, 24}
	pSpan    = span{-32, -11}
	tSpan    = span{15, 56}
	allSpan  = span{-32, 52}
)

const lags = 4 // by which two shapes may be shifted against each other

func (s *shape) part(p span, lag int) []float64 {
	return s[before+p.from+lag : before+p.to+lag+1]
}

// Read fills in the features of a strip, which are good until the next call. Without beats there
// are none.
func (f *Featurer) Read(s *schemas.Strip) *Features {
	best := f.Analyse(s)
	return f.Of(s, &best)
}

// Analyse answers as the function does, but the Beats of the result are good only until the
// next call.
func (f *Featurer) Analyse(s *schemas.Strip) Result { return f.analyser.Analyse(s) }

// Of is Read of a strip that this Featurer has just analysed.
func (f *Featurer) Of(s *schemas.Strip, best *Result) *Features {
	f.features = Features{Leads: f.features.Leads[:0]}
	if s == nil {
		return &f.features
	}
	if len(best.Beats) < 3 || !usableRate(s.RateHz) {
		return &f.features
	}
	f.rate, f.gain = s.RateHz, ratio(1, ratio(1, s.Gain))
	f.features.Beats = slices.Clone(best.Beats)
	f.waves = slices.Grow(f.waves[:0], len(s.Samples))[:len(s.Samples)]
	for i, samples := range s.Samples {
		if len(samples) != len(s.Samples[best.Lead]) {
			f.waves[i] = f.waves[i][:0]
			continue
		}
		f.repair.apply(samples, f.rate)
		f.waves[i] = slices.Grow(f.waves[i][:0], len(samples))[:len(samples)]
		f.filter.set(f.rate, 0.5, 40)
		f.filter.apply(f.waves[i], f.repair.signal)
	}
	times := f.times()
	var shared [][]float64
	for k := range f.features.Beats {
		shared = append(shared, times.beat(k))
	}
	strip := times.strip(float64(len(s.Samples[best.Lead])) / f.rate)
	strip = append(strip, float64(best.Quality))
	var shapes []float64
	for i := range f.waves {
		if len(f.waves[i]) == 0 {
			continue
		}
		rows, of := f.lead(f.waves[i], shared)
		f.features.Leads = append(f.features.Leads, rows)
		if i == best.Lead {
			shapes = of
		}
	}
	f.features.Strip = narrow(append(strip, shapes...))
	return &f.features
}

// lead tells the beats' shapes in one lead, and how alike they are in all.
func (f *Featurer) lead(wave []float64, shared [][]float64) (rows [][]float32, strip []float64) {
	f.cut(wave)
	usual := f.usual.measure()
	usualP := f.usual.swing(pSpan)
	n := len(f.shapes)
	like := make([][]float64, n)
	for i := range f.shapes {
		like[i] = make([]float64, n)
		for k := range i {
			like[i][k] = f.shapes[i].likeness(&f.shapes[k], qrsSpan)
			like[k][i] = like[i][k]
		}
	}
	var qrs, p, fine []float64
	for i := range f.shapes {
		s := &f.shapes[i]
		m := s.measure()
		row := append([]float64(nil), shared[i]...)
		row = append(row, s.likeness(&f.usual, qrsSpan), correlation(s.part(qrsSpan, 0), f.usual.part(qrsSpan, 0)),
			s.likeness(&f.usual, wideSpan), s.likeness(&f.usual, allSpan),
			s.likeness(&f.usual, pSpan), s.likeness(&f.usual, tSpan))
		row = append(row, m[0]*f.gain, (m[0]-usual[0])*f.gain)
		for k := 1; k < len(m); k++ {
			row = append(row, m[k], m[k]-usual[k])
		}
		scale := f.usual.swing(qrsSpan)
		row = append(row, ratio(m[0], usual[0]), ratio(s.swing(pSpan), scale), ratio(s.swing(pSpan), usualP), ratio(s.swing(tSpan), scale))
		previous, next := math.NaN(), math.NaN()
		if i > 0 {
			previous = like[i][i-1]
		}
		if i+1 < n {
			next = like[i][i+1]
		}
		var mean, near float64
		for k, v := range like[i] {
			if k != i {
				mean += v
				if v > 0.9 {
					near++
				}
			}
		}
		row = append(row, previous, next, mean/float64(n-1), near/float64(n-1))
		rows = append(rows, narrow(row))
		qrs = append(qrs, s.likeness(&f.usual, qrsSpan))
		p = append(p, correlation(s.part(pSpan, 0), f.usual.part(pSpan, 0)))
		fine = append(fine, ratio(roughness(s.part(tSpan, 0)), scale))
	}
	slices.Sort(qrs)
	slices.Sort(p)
	slices.Sort(fine)
	return rows, []float64{qrs[n/4], qrs[n/2], p[n/4], p[n/2], ratio(usualP, f.usual.swing(qrsSpan)), fine[n/2], usual[1]}
}

// cut takes the beats out of a wave, and the usual one: the median at each place.
func (f *Featurer) cut(wave []float64) {
	f.shapes = f.shapes[:0]
	for _, at := range f.features.Beats {
		var s shape
		for k := range s {
			x := float64(at) + float64(float64(k-before)*f.rate/gridRate)
			low := math.Floor(x)
			i, share := int(low), x-low
			v, w := wave[max(0, min(i, len(wave)-1))], wave[max(0, min(i+1, len(wave)-1))]
			s[k] = v + float64(share*(w-v))
		}
		f.shapes = append(f.shapes, s)
	}
	column := make([]float64, len(f.shapes))
	for k := range f.usual {
		for i := range f.shapes {
			column[i] = f.shapes[i][k]
		}
		slices.Sort(column)
		f.usual[k] = column[len(column)/2]
	}
}

// measure is how high and wide a QRS is: its swing, the time over which it is steep, the spread
// of its energy, in milliseconds, how upright it is, and how steep it is for its height.
func (s *shape) measure() [5]float64 {
	w := s.part(wideSpan, 0)
	var steepest float64
	slope := make([]float64, len(w)-1)
	for i := range slope {
		slope[i] = math.Abs(w[i+1] - w[i])
		steepest = max(steepest, slope[i])
	}
	first, last := 0, 0
	for i, v := range slope {
		if v > 0.25*steepest {
			if first == 0 {
				first = i
			}
			last = i
		}
	}
	level := float64((w[0] + w[len(w)-1]) / 2)
	var energy, centre, spread float64
	for i, v := range w {
		d := v - level
		energy += float64(d * d)
		centre += float64(float64(i) * d * d)
	}
	if energy > 0 {
		centre /= energy
		for i, v := range w {
			d, x := v-level, float64(i)-centre
			spread += float64(d * d * x * x)
		}
		spread = math.Sqrt(spread / energy)
	}
	high, low := slices.Max(s.part(qrsSpan, 0))-level, slices.Min(s.part(qrsSpan, 0))-level
	return [5]float64{high - low, 1000 / gridRate * float64(last-first+1), 1000 / gridRate * spread, ratio(high+low, high-low), ratio(steepest, high-low)}
}

// swing is how far a part goes from bottom to top.
func (s *shape) swing(p span) float64 {
	part := s.part(p, 0)
	return slices.Max(part) - slices.Min(part)
}

// likeness is the correlation of two shapes in a span, at the best of a few shifts.
func (s *shape) likeness(other *shape, p span) float64 {
	best := math.Inf(-1)
	fixed := other.part(p, 0)
	for lag := -lags; lag <= lags; lag++ {
		best = max(best, correlation(s.part(p, lag), fixed))
	}
	return best
}

func correlation(x, y []float64) float64 {
	var sx, sy, xx, yy, xy float64
	for i, v := range x {
		sx, sy = sx+v, sy+y[i]
		xx, yy, xy = xx+float64(v*v), yy+float64(y[i]*y[i]), xy+float64(v*y[i])
	}
	n := float64(len(x))
	vx, vy := xx-float64(sx*sx/n), yy-float64(sy*sy/n)
	if vx <= 1e-9*xx || vy <= 1e-9*yy {
		return 0
	}
	return (xy - float64(sx*sy/n)) / math.Sqrt(vx*vy)
}

// roughness is the mean of the second differences: of waves of fibrillation and of noise.
func roughness(x []float64) float64 {
	var sum float64
	for i := 4; i+4 < len(x); i++ {
		sum += math.Abs(x[i-4] - 2*x[i] + x[i+4])
	}
	return sum / float64(len(x))
}

// ratio of which a zero below makes NaN.
func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

func narrow(x []float64) []float32 {
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = float32(v)
	}
	return y
}

// BeatFeatures are the names of the features of a beat.
var BeatFeatures = []string{
	"rr_prev", "rr_next", "rr_prev_s", "rr_prev_by_before", "rr_prev_by_next", "rr_prev_by_local", "rr_pair", "rr_usual_s", "rr_rough_others", "early_others", "rr_next_by_local", "rr_next2",
	"like_qrs", "like_qrs_in_place", "like_wide", "like_all", "like_p", "like_t",
	"swing_mv", "swing_mv_diff", "steep_ms", "steep_ms_diff", "spread_ms", "spread_ms_diff", "upright", "upright_diff", "sharp", "sharp_diff",
	"swing_ratio", "p_by_qrs", "p_ratio", "t_by_qrs",
	"like_prev", "like_next", "like_mean", "like_share",
}

// StripFeatures are the names of the features of a strip.
var StripFeatures = []string{
	"beats_per_s", "rr_usual_s", "rr_cv", "rr_rmssd", "rr_rough", "rr_min", "rr_max", "rr_iqr", "rr_turns", "rr_entropy", "rr_alike", "rr_lag", "rr_early", "quality",
	"qrs_like_quartile", "qrs_like_median", "p_like_quartile", "p_like_median", "p_by_qrs", "fine", "steep_ms",
}
