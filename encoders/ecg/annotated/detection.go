package annotated

import (
	"math"

	"github.com/vigil-icu/vigil/encoders/ecg"
)

// window is how far a detected beat may be from the annotated one, in seconds (ANSI/AAMI EC57).
const window = 0.15

// Detection counts what a detector found of a recording's beats.
type Detection struct{ Beats, Found, Hits int }

// Sensitivity is the share of beats that were found, NaN without beats.
func (d Detection) Sensitivity() float64 { return float64(d.Hits) / float64(d.Beats) }

// Predictivity is the share of what was found that are beats, NaN where nothing was found.
func (d Detection) Predictivity() float64 { return float64(d.Hits) / float64(d.Found) }

// Add adds the counts of another recording.
func (d *Detection) Add(o Detection) {
	d.Beats, d.Found, d.Hits = d.Beats+o.Beats, d.Found+o.Found, d.Hits+o.Hits
}

// A recording is read in blocks, so that a day of it takes little memory: each with a margin on
// both sides, in which the detector finds into the signal.
const blockSeconds, marginSeconds = 300, 10

// Detect looks for beats in a whole recording, in the first lead with the second as its witness, and
// counts which are right. What
// lies in ventricular flutter does not count, as ANSI/AAMI EC57 has it: there are no beats to tell.
func Detect(r *Recording, d *ecg.Witnessed) (Detection, error) {
	block, margin := int64(math.Ceil(blockSeconds*r.Rate)), int64(math.Ceil(marginSeconds*r.Rate))
	var found []int64
	var beats []int
	for from := int64(0); from < r.Samples; from += block {
		begin, end := max(0, from-margin), min(r.Samples, from+block+margin)
		s, err := r.Strip(begin, int(end-begin))
		if err != nil {
			return Detection{}, err
		}
		beats = d.Detect(s.Samples, r.Rate, beats[:0])
		for _, b := range beats {
			if at := begin + int64(b); at >= from && at < from+block {
				found = append(found, at)
			}
		}
	}
	return r.compare(found), nil
}

// compare pairs found beats with annotated ones, each at most once, in order.
func (r *Recording) compare(found []int64) Detection {
	reach := int64(math.Floor(float64(window*r.Rate) + 0.5))
	counted := func(at int64) bool {
		for _, f := range r.Flutter {
			if at >= f.From-reach && (f.To == math.MaxInt64 || at <= f.To+reach) {
				return false
			}
		}
		return true
	}
	var kept []int64
	for _, at := range found {
		if counted(at) {
			kept = append(kept, at)
		}
	}
	d := Detection{Found: len(kept)}
	i := 0
	for _, b := range r.Beats {
		if !counted(b.At) {
			continue
		}
		d.Beats++
		for i < len(kept) && kept[i] < b.At-reach {
			i++
		}
		if i < len(kept) && kept[i] <= b.At+reach {
			d.Hits++
			i++
		}
	}
	return d
}
