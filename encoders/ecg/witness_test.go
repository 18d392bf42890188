package ecg

import (
	"slices"
	"testing"
)

// pulses is a lead with a narrow deflection of a height at each place.
func pulses(n int, places, heights []int) []int16 {
	x := make([]int16, n)
	for i, at := range places {
		for k := -3; k <= 3; k++ {
			x[at+k] += int16(heights[i] * (4 - max(k, -k)) / 4)
		}
	}
	return x
}

// A beat that is low in the first lead is found where the second has it, an artefact soon after a
// beat is dropped where the second knows nothing of it, and with one lead nothing changes.
func TestTheSecondLeadIsAskedAboutWhatIsDoubtful(t *testing.T) {
	const rate = 250
	var places, first, second []int
	for k := range 20 {
		places = append(places, 200+200*k)
		first, second = append(first, 400), append(second, 300)
	}
	// Too low for the first lead, and in an interval too short for it to search back.
	first[10], places[10] = 90, places[9]+140
	for k := 11; k < 20; k++ {
		places[k] -= 100
	}
	lead, witness := pulses(4400, places, first), pulses(4400, places, second)
	var d Detector
	alone := d.Detect(lead, rate, nil)
	var w Witnessed
	both := w.Detect([][]int16{lead, witness}, rate, nil)
	if len(alone) != 19 || len(both) != 20 || !slices.ContainsFunc(both, func(at int) bool { return max(at-places[10], places[10]-at) <= 10 }) {
		t.Errorf("%d beats alone, %d with a witness: %v, want 19 and 20", len(alone), len(both), both)
	}

	artefact := pulses(4400, []int{places[5] + 65}, []int{250})
	for i := range lead {
		artefact[i] += witness[i]
	}
	alone = d.Detect(artefact, rate, nil)
	both = w.Detect([][]int16{artefact, witness}, rate, nil)
	if len(alone) != 21 || len(both) != 20 {
		t.Errorf("%d beats alone, %d with a witness, want 21 and 20", len(alone), len(both))
	}
	if one := w.Detect([][]int16{artefact}, rate, nil); !slices.Equal(one, alone) {
		t.Errorf("%d beats with one lead, want %d", len(one), len(alone))
	}
	if none := w.Detect(nil, rate, nil); len(none) != 0 {
		t.Errorf("%d beats without leads", len(none))
	}
}
