package alerts

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// The bands of the chart, each with both its edges.
func TestNEWS2Bands(t *testing.T) {
	for _, c := range []struct {
		input  Input
		scale2 bool
		fio2   float32 // 0: air is charted
		points map[float32]int8
	}{
		{input: RespiratoryRate, points: map[float32]int8{0: 3, 8: 3, 9: 1, 11: 1, 12: 0, 20: 0, 21: 2, 24: 2, 25: 3, 60: 3}},
		{input: SpO2, points: map[float32]int8{50: 3, 91: 3, 92: 2, 93: 2, 94: 1, 95: 1, 96: 0, 100: 0}},
		{input: SpO2, scale2: true, points: map[float32]int8{83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 0, 100: 0}},
		{input: SpO2, scale2: true, fio2: 0.4, points: map[float32]int8{83: 3, 84: 2, 85: 2, 86: 1, 87: 1, 88: 0, 92: 0, 93: 1, 94: 1, 95: 2, 96: 2, 97: 3, 100: 3}},
		{input: SystolicArterial, points: map[float32]int8{40: 3, 90: 3, 91: 2, 100: 2, 101: 1, 110: 1, 111: 0, 219: 0, 220: 3, 260: 3}},
		{input: SystolicCuff, points: map[float32]int8{90: 3, 91: 2, 219: 0, 220: 3}},
		{input: HeartRate, points: map[float32]int8{30: 3, 40: 3, 41: 1, 50: 1, 51: 0, 90: 0, 91: 1, 110: 1, 111: 2, 130: 2, 131: 3, 200: 3}},
		{input: Temperature, points: map[float32]int8{
			34: 3, 35: 3, 35.04: 3, 35.1: 1, 36: 1, 36.1: 0, 38: 0, 38.04: 0, 38.06: 1, 38.1: 1, 39: 1, 39.1: 2, 41: 2,
			(100.3 - 32) * 5.0 / 9: 0, (100.5 - 32) * 5.0 / 9: 1, // Fahrenheit
		}},
	} {
		for value, want := range c.points {
			name := fmt.Sprintf("%s %v scale2 %v fio2 %v", InputChannels[c.input].Name, value, c.scale2, c.fio2)
			var r Readings
			r[FiO2] = Reading{Known: true, Value: max(c.fio2, 0.21)}
			r[c.input] = Reading{Known: true, Value: value, Ref: "T:1"}
			var n schemas.NEWS2
			points := NEWS2(&r, c.scale2, &n)
			sum := 0
			for _, p := range points {
				sum += max(0, int(p))
			}
			oxygen := 0
			if c.fio2 > 0.21 {
				oxygen = 2
			}
			if n.Value != int(want)+oxygen || n.Value != sum || !n.Partial {
				t.Errorf("%s: %d points (sum of components %d, partial %v), want %d", name, n.Value-oxygen, sum, n.Partial, want)
			}
			in := n.Inputs[slices.IndexFunc(n.Inputs, func(i schemas.NEWS2Input) bool { return i.Channel == InputChannels[c.input].Name })]
			if in.Points != int(want) || in.Value != value || in.Ref != "T:1" || in.Unit != InputChannels[c.input].Unit {
				t.Errorf("%s: input %+v", name, in)
			}
		}
	}
}

// well is a complete set without points.
func well() (r Readings) {
	for i, v := range map[Input]float32{RespiratoryRate: 16, SpO2: 98, FiO2: 0.21, SystolicCuff: 120, HeartRate: 70, GCSTotal: 15, Temperature: 37} {
		r[i] = Reading{Known: true, Value: v, EventTime: 1000, Order: uint64(i)}
	}
	return r
}

func TestNEWS2Components(t *testing.T) {
	at := func(v float32, when schemas.Time) Reading { return Reading{Known: true, Value: v, EventTime: when} }
	tube := Reading{Known: true, Value: 1, EventTime: 1000, Flags: schemas.Untestable}
	for _, c := range []struct {
		name    string
		change  func(r *Readings)
		value   int
		missing []string
		entered []string // channels of the component under test
	}{
		{name: "well", change: func(*Readings) {}},
		{name: "oxygen by flow", change: func(r *Readings) { r[OxygenFlow] = at(2, 1) }, value: 2},
		{name: "flow of none", change: func(r *Readings) { r[OxygenFlow] = at(0, 1) }},
		{name: "ventilated", change: func(r *Readings) { r[Ventilated] = at(1, 1) }, value: 2},
		{name: "not ventilated", change: func(r *Readings) { r[Ventilated] = at(0, 1) }},
		{name: "fraction as percentage", change: func(r *Readings) { r[FiO2] = at(40, 1) }, value: 2},
		{name: "air as percentage", change: func(r *Readings) { r[FiO2] = at(21, 1) }},
		{name: "fraction", change: func(r *Readings) { r[FiO2] = at(0.22, 1) }, value: 2},
		{name: "oxygen unknown", change: func(r *Readings) { r[FiO2] = Reading{} }, missing: []string{"oxygen"}},
		{name: "only ventilated known", change: func(r *Readings) { r[FiO2], r[Ventilated] = Reading{}, at(0, 1) }},
		{name: "arterial before cuff", change: func(r *Readings) { r[SystolicArterial] = at(85, 1) }, value: 3},
		{name: "no pressure", change: func(r *Readings) { r[SystolicCuff] = Reading{} }, missing: []string{"systolic"}},
		{name: "coma scale of 14", change: func(r *Readings) { r[GCSTotal].Value = 14 }, value: 3},
		{name: "sum of the parts", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{}, at(4, 1), at(5, 2), at(6, 3)
		}},
		{name: "sum below 15", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{}, at(4, 1), at(4, 2), at(6, 3)
		}, value: 3},
		{name: "a part is missing", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSMotor] = Reading{}, at(4, 1), at(6, 3)
		}, missing: []string{"consciousness"}},
		{name: "total before parts", change: func(r *Readings) {
			r[GCSEye], r[GCSVerbal], r[GCSMotor] = at(1, 2000), at(1, 2000), at(1, 2000)
		}},
		{name: "tube, eyes open, obeys", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = at(11, 1000), at(4, 1000), tube, at(6, 1000)
		}},
		{name: "tube, no total", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{}, at(4, 1000), tube, at(6, 1000)
		}},
		{name: "tube, eyes closed", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{}, at(3, 1000), tube, at(6, 1000)
		}, value: 3},
		{name: "the same verbal, testable", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{}, at(4, 1000), at(1, 1000), at(6, 1000)
		}, value: 3},
		{name: "AVPU later", change: func(r *Readings) { r[AVPU] = at(1, 1001) }, value: 3},
		{name: "AVPU earlier", change: func(r *Readings) { r[AVPU] = at(1, 999) }},
		{name: "AVPU at one time, later to arrive", change: func(r *Readings) { r[AVPU] = Reading{Known: true, Value: 2, EventTime: 1000, Order: 99} }, value: 3},
		{name: "AVPU alert, coma scale older", change: func(r *Readings) { r[GCSTotal].Value, r[AVPU] = 9, at(0, 1001) }},
		{name: "AVPU alone", change: func(r *Readings) { r[GCSTotal], r[AVPU] = Reading{}, at(0, 1) }},
		{name: "nothing at all", change: func(r *Readings) { *r = Readings{} }, missing: ComponentNames[:]},
	} {
		r := well()
		c.change(&r)
		n := schemas.NEWS2{Inputs: []schemas.NEWS2Input{{Component: "left over"}}, Missing: []string{"left over"}}
		NEWS2(&r, false, &n)
		if c.missing == nil {
			c.missing = []string{}
		}
		if n.Value != c.value || !slices.Equal(n.Missing, c.missing) || n.Partial != (len(c.missing) > 0) || n.Missing == nil {
			t.Errorf("%s: %d, missing %v, partial %v, want %d, missing %v", c.name, n.Value, n.Missing, n.Partial, c.value, c.missing)
		}
	}
}

func TestNEWS2InputsNameWhatEntered(t *testing.T) {
	r := well()
	r[SystolicArterial] = Reading{Known: true, Value: 85}
	r[Ventilated] = Reading{Known: true, Value: 1}
	var n schemas.NEWS2
	NEWS2(&r, false, &n)
	var got []string
	for _, in := range n.Inputs {
		got = append(got, fmt.Sprintf("%s %s %d", in.Component, in.Channel, in.Points))
	}
	want := []string{
		"respiratory_rate respiratory_rate 0", "spo2 spo2 0", "oxygen fio2 2", "oxygen ventilated 2", "systolic systolic_arterial 3",
		"heart_rate heart_rate 0", "consciousness gcs_total 0", "temperature temperature 0",
	}
	if !slices.Equal(got, want) {
		t.Errorf("inputs %q, want %q", got, want)
	}
}
