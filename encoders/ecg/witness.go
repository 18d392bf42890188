package ecg

import (
	"math"
	"slices"
	"sort"
)

// Witnessed finds beats in the first lead of a recording, and asks the second about what is
// doubtful: a low deflection soon after a beat, of which the second knows nothing, is none; and
// where a beat seems to be missing, one that the second has is one, if the first moves there too.
// Its zero value is ready. It is for one goroutine at a time.
type Witnessed struct {
	lead, other Detector
	beats       []witnessedBeat // of the first lead
	witness     []witnessedBeat // of the second
	sorted      []float64
}

// witnessedBeat is a beat and how high its power is, as a root.
type witnessedBeat struct {
	at   int
	high float64
}

// What is doubtful, as found on 16 records of the MIT-BIH database.
const (
	lowBeat    = 0.9   // of the usual height
	soonAfter  = 0.4   // of the usual interval
	longAfter  = 1.4   // of the usual interval
	otherHigh  = 0.5   // of the usual height in the second lead, for a beat that the first has not
	alsoHigh   = 0.2   // of the usual height in the first lead, for the same
	sameBeat   = 0.125 // seconds between the same beat in two leads
	apartFrom  = 0.28  // seconds from any other beat, for one that is added
	trusted    = 0.8   // share of the beats around that the second lead must have
	neighbours = 8     // beats on each side that say what is usual
)

// Detect appends the samples of the beats to dst, in order. With one lead it does what Detector
// does.
func (w *Witnessed) Detect(leads [][]int16, rate float64, dst []int) []int {
	if len(leads) == 0 {
		return dst
	}
	if len(leads) == 1 || len(leads[1]) != len(leads[0]) {
		return w.lead.Detect(leads[0], rate, dst)
	}
	w.beats = beatsOf(&w.lead, leads[0], rate, w.beats[:0])
	w.witness = beatsOf(&w.other, leads[1], rate, w.witness[:0])
	w.drop(rate)
	for i, b := range w.beats {
		if i > 0 {
			dst = w.add(dst, i, rate)
		}
		dst = append(dst, b.at)
	}
	return dst
}

func beatsOf(d *Detector, samples []int16, rate float64, list []witnessedBeat) []witnessedBeat {
	reach := int(snapReach * rate)
	for _, at := range d.Detect(samples, rate, nil) {
		list = append(list, witnessedBeat{at, d.highest(at, reach)})
	}
	return list
}

// highest is the root of the highest power near a sample.
func (d *Detector) highest(at, reach int) float64 {
	return math.Sqrt(slices.Max(d.power[max(0, at-reach):min(len(d.power), at+reach+1)]))
}

// usual is the median, over the beats around one, of what f says of each.
func (w *Witnessed) usual(list []witnessedBeat, around int, f func(k int) float64) float64 {
	w.sorted = w.sorted[:0]
	for k := max(1, around-neighbours); k < min(len(list), around+neighbours+1); k++ {
		w.sorted = append(w.sorted, f(k))
	}
	if len(w.sorted) == 0 {
		return 0
	}
	slices.Sort(w.sorted)
	return w.sorted[len(w.sorted)/2]
}

func (w *Witnessed) usualHigh(list []witnessedBeat, around int) float64 {
	return w.usual(list, around, func(k int) float64 { return list[k].high })
}

func (w *Witnessed) usualInterval(around int) float64 {
	return w.usual(w.beats, around, func(k int) float64 { return float64(w.beats[k].at - w.beats[k-1].at) })
}

// has says whether the second lead has a beat at a sample.
func (w *Witnessed) has(at int, rate float64) bool {
	reach := int(sameBeat * rate)
	i := sort.Search(len(w.witness), func(i int) bool { return w.witness[i].at >= at-reach })
	return i < len(w.witness) && w.witness[i].at <= at+reach
}

// drop takes out the beats that are low, near another, and not in the second lead.
func (w *Witnessed) drop(rate float64) {
	var kept []witnessedBeat
	for i, b := range w.beats {
		near := math.Inf(1)
		if len(kept) > 0 {
			near = float64(b.at - kept[len(kept)-1].at)
		}
		if i+1 < len(w.beats) {
			near = min(near, float64(w.beats[i+1].at-b.at))
		}
		if b.high < lowBeat*w.usualHigh(w.beats, i) && near < soonAfter*w.usualInterval(i) && !w.has(b.at, rate) {
			continue
		}
		kept = append(kept, b)
	}
	w.beats = append(w.beats[:0], kept...)
}

// add appends the beats of the second lead that lie in a long interval before beat i.
func (w *Witnessed) add(dst []int, i int, rate float64) []int {
	from, to, apart := w.beats[i-1].at, w.beats[i].at, int(apartFrom*rate)
	if float64(to-from) <= longAfter*w.usualInterval(i) || !w.trustworthy(i, rate) {
		return dst
	}
	reach := int(snapReach * rate)
	k := sort.Search(len(w.witness), func(k int) bool { return w.witness[k].at > from+apart })
	for ; k < len(w.witness) && w.witness[k].at < to-apart; k++ {
		b := w.witness[k]
		if b.high > otherHigh*w.usualHigh(w.witness, k) && w.lead.highest(b.at, reach) >= alsoHigh*w.usualHigh(w.beats, i) {
			dst = append(dst, b.at)
		}
	}
	return dst
}

// trustworthy says whether the second lead has most of the beats around one.
func (w *Witnessed) trustworthy(around int, rate float64) bool {
	both, all := 0, 0
	for k := max(0, around-neighbours); k < min(len(w.beats), around+neighbours); k++ {
		all++
		if w.has(w.beats[k].at, rate) {
			both++
		}
	}
	return float64(both) >= trusted*float64(all)
}
