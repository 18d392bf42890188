package ecg

import (
	"math"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// noisy records of these sixteen are below 0.99 in one of the two figures, all for
// artefacts; they must still reach 0.97.
var noisy = []string{"105", "108", "203"}

// Against the annotations, first lead whatever it is, from the first second on.
func TestBeatsOfWholeRecords(t *testing.T) {
	var hits, found, wanted int
	for name, rec := range mitbih(t) {
		got, want := rec.counted(new(Detector).Detect(rec.leads[0], mitRate, nil)), rec.counted(rec.beats)
		h := match(got, want)
		se, pp := float64(h)/float64(len(want)), float64(h)/float64(len(got))
		t.Logf("record %s: %d beats, sensitivity %.4f, positive predictivity %.4f", name, len(want), se, pp)
		limit := 0.99
		if slices.Contains(noisy, name) {
			limit = 0.97
		}
		if se < limit || pp < limit {
			t.Errorf("record %s: sensitivity %.4f, positive predictivity %.4f, want %v", name, se, pp, limit)
		}
		hits, found, wanted = hits+h, found+len(got), wanted+len(want)
	}
	se, pp := float64(hits)/float64(wanted), float64(hits)/float64(found)
	t.Logf("16 records: %d beats, sensitivity %.4f, positive predictivity %.4f", wanted, se, pp)
	if se < 0.997 || pp < 0.995 {
		t.Errorf("sensitivity %.4f, positive predictivity %.4f, want 0.997 and 0.995", se, pp)
	}
}

// The same records as monitors send them: ten seconds, both leads, the analyser
// chooses. What it calls usable must have the right heart rate.
func TestStripsOfRecords(t *testing.T) {
	var a Analyser
	strips, usable, near := 0, 0, 0
	var irregular, all [2]int // 0: sinus or paced all through, 1: atrial fibrillation
	for _, rec := range mitbih(t) {
		for from := 0; from+10*mitRate <= len(rec.leads[0]); from += 10 * mitRate {
			to := from + 10*mitRate
			r := a.Analyse(&schemas.Strip{RateHz: mitRate, Gain: 0.005, Leads: []string{"1", "2"},
				Samples: [][]int16{rec.leads[0][from:to], rec.leads[1][from:to]}})
			strips++
			if r.State != schemas.Present {
				continue
			}
			want := rec.rate(from+r.Beats[0], from+r.Beats[len(r.Beats)-1])
			if want == 0 {
				continue // flutter all through: nobody counted beats
			}
			usable++
			if math.Abs(float64(r.HeartRate)-want) <= 5 {
				near++
			}
			kind := -1
			switch rec.rhythm(from, to) {
			case "N", "P":
				kind = 0
			case "AFIB":
				kind = 1
			default:
				continue
			}
			all[kind]++
			if r.Irregular {
				irregular[kind]++
			}
		}
	}
	share := float64(near) / float64(usable)
	fibrillating, sinus := float64(irregular[1])/float64(all[1]), float64(irregular[0])/float64(all[0])
	t.Logf("%d strips, %d usable, %.4f of these within 5/min; called irregular: %.3f of %d in fibrillation, %.3f of %d in sinus rhythm or paced, ectopic beats among them",
		strips, usable, share, fibrillating, all[1], sinus, all[0])
	if float64(usable) < 0.96*float64(strips) || share < 0.96 {
		t.Errorf("%d of %d strips usable, %.4f of these right, want 0.96 of each", usable, strips, share)
	}
	if fibrillating < 0.8 || sinus > 0.25 {
		t.Errorf("called irregular: %.3f in fibrillation, %.3f in sinus rhythm, want at least 0.8 and at most 0.25", fibrillating, sinus)
	}
}

// rate between two samples, /min, from the annotated beats.
func (r *record) rate(from, to int) float64 {
	i, _ := slices.BinarySearch(r.beats, from-reach)
	j, _ := slices.BinarySearch(r.beats, to+reach+1)
	if j-i < 2 {
		return 0
	}
	return 60 * mitRate * float64(j-1-i) / float64(r.beats[j-1]-r.beats[i])
}

// rhythm that holds from one sample to another, empty if it changes in between.
func (r *record) rhythm(from, to int) string {
	now := ""
	for _, c := range r.rhythms {
		switch {
		case c.at <= from+mitRate:
			now = c.name
		case c.at < to:
			return ""
		}
	}
	return now
}
