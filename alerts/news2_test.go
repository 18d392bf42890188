package alerts

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/news2test"
)

// TestNEWS2Chart holds every component against the printed chart: numbers in tenths
// (of temperature in hundredths), on air and on oxygen, on both scales. The chart is
// silent between its whole numbers; there either neighbour's points may stand.
func TestNEWS2Chart(t *testing.T) {
	chart, err := news2test.Read(news2test.Printed)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		row      string
		input    Input
		from, to int
		scale2   bool
	}{
		{row: news2test.RespirationRate, input: RespiratoryRate, from: 0, to: 100},
		{row: news2test.SpO2Scale1, input: SpO2, from: 0, to: 100},
		{row: news2test.SpO2Scale2, input: SpO2, from: 0, to: 100, scale2: true},
		{row: news2test.Systolic, input: SystolicArterial, from: 0, to: 375},
		{row: news2test.Systolic, input: SystolicCuff, from: 0, to: 375},
		{row: news2test.Pulse, input: HeartRate, from: 0, to: 390},
		{row: news2test.Temperature, input: Temperature, from: 14, to: 47},
	} {
		parts, decimals := 10, 0
		if c.row == news2test.Temperature {
			parts, decimals = 100, 1
		}
		wrong := 0
		for _, oxygen := range []bool{false, true} {
			points := func(v float64) int {
				n, err := chart.Points(c.row, strconv.FormatFloat(v, 'f', decimals, 64), oxygen)
				if err != nil {
					t.Fatal(err)
				}
				return n
			}
			for n := c.from * parts; n <= c.to*parts; n++ {
				value := float32(n) / float32(parts)
				allowed := []int{points(float64(value))}
				if c.row != news2test.Temperature {
					allowed = []int{points(math.Floor(float64(value))), points(math.Ceil(float64(value)))}
				}
				if got := pointsOf(t, c.input, value, oxygen, c.scale2); !slices.Contains(allowed, got) {
					if wrong++; wrong <= 10 {
						t.Errorf("%s %v on oxygen %v scale 2 %v: %d points, the chart has %v", InputChannels[c.input].Name, value, oxygen, c.scale2, got, allowed)
					}
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d points are not those of the chart", c.row, wrong)
		}
	}
}

// pointsOf gives the points of one input, alone with a fraction of oxygen, and sees
// that the sum, the component and what is named as entered are the same.
func pointsOf(t *testing.T, input Input, value float32, oxygen, scale2 bool) int {
	t.Helper()
	var r Readings
	r[FiO2] = Reading{Known: true, Value: 0.21}
	given := 0
	if oxygen {
		r[FiO2].Value, given = 0.4, 2
	}
	r[input] = Reading{Known: true, Value: value, Ref: "T:1"}
	var n schemas.NEWS2
	sum := 0
	for _, p := range NEWS2(&r, scale2, &n).Points {
		sum += max(0, int(p))
	}
	if n.Value != sum || !n.Partial {
		t.Errorf("%s %v: %d points, of components %d, partial %v", InputChannels[input].Name, value, n.Value, sum, n.Partial)
	}
	in := n.Inputs[slices.IndexFunc(n.Inputs, func(i schemas.NEWS2Input) bool { return i.Channel == InputChannels[input].Name })]
	if in.Points != n.Value-given || in.Value != value || in.Ref != "T:1" || in.Unit != InputChannels[input].Unit {
		t.Errorf("%s %v: %d points, input %+v", InputChannels[input].Name, value, n.Value-given, in)
	}
	return n.Value - given
}

// A temperature that was charted in Fahrenheit is read to one decimal of Celsius.
func TestNEWS2Fahrenheit(t *testing.T) {
	for fahrenheit, want := range map[float32]int{100.3: 0, 100.5: 1} {
		if got := pointsOf(t, Temperature, (fahrenheit-32)*5/9, false, false); got != want {
			t.Errorf("%v F: %d points, want %d", fahrenheit, got, want)
		}
	}
}

// The words of the chart: what counts as oxygen, and who is alert, in every
// combination of the readings behind them.
func TestNEWS2ChartWords(t *testing.T) {
	chart, err := news2test.Read(news2test.Printed)
	if err != nil {
		t.Fatal(err)
	}
	check := func(r *Readings, c Component, row, entry string) {
		t.Helper()
		want := NotKnown
		if entry != "" {
			if want, err = chart.Points(row, entry, false); err != nil {
				t.Fatal(err)
			}
		}
		var n schemas.NEWS2
		if got := NEWS2(r, false, &n).Points[c]; int(got) != want {
			t.Errorf("%s of %+v: %d points, want %d (%s)", ComponentNames[c], r, got, want, entry)
		}
	}
	unknown := float32(math.Inf(-1))
	set := func(r *Readings, i Input, v float32) {
		if v != unknown {
			r[i] = Reading{Known: true, Value: v}
		}
	}
	fractions := []float32{unknown, 0.2, 0.21, 20, 21} // of air; a percentage is one too
	for percent := float32(22); percent <= 100; percent++ {
		fractions = append(fractions, percent, percent/100)
	}
	for i, fraction := range fractions {
		for _, flow := range []float32{unknown, 0, 0.5, 15} {
			for _, ventilated := range []float32{unknown, 0, 1} {
				entry := news2test.Air
				switch {
				case i >= 5 || flow > 0 || ventilated == 1:
					entry = news2test.Oxygen
				case fraction == unknown && flow == unknown && ventilated == unknown:
					entry = ""
				}
				var r Readings
				set(&r, FiO2, fraction)
				set(&r, OxygenFlow, flow)
				set(&r, Ventilated, ventilated)
				check(&r, ComponentOxygen, news2test.AirOrOxygen, entry)
			}
		}
	}
	for value, letter := range []string{news2test.Alert, "V", "P", "U"} { // the channel avpu has C with V
		check(&Readings{AVPU: {Known: true, Value: float32(value)}}, ComponentConsciousness, news2test.Consciousness, letter)
	}
	for total := 3; total <= 15; total++ {
		entry := "C"
		if total == 15 {
			entry = news2test.Alert
		}
		check(&Readings{GCSTotal: {Known: true, Value: float32(total)}}, ComponentConsciousness, news2test.Consciousness, entry)
	}
	for eye := 1; eye <= 4; eye++ {
		for verbal := 0; verbal <= 5; verbal++ { // 0: a tube, charted as 1
			for motor := 1; motor <= 6; motor++ {
				entry, spoken := "C", Reading{Known: true, Value: float32(verbal)}
				if verbal == 0 {
					spoken.Value, spoken.Flags = 1, schemas.Untestable
				}
				if eye == 4 && motor == 6 && (verbal == 0 || verbal == 5) {
					entry = news2test.Alert
				}
				r := Readings{GCSEye: {Known: true, Value: float32(eye)}, GCSVerbal: spoken, GCSMotor: {Known: true, Value: float32(motor)}}
				check(&r, ComponentConsciousness, news2test.Consciousness, entry)
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
		{name: "arterial before cuff at one time", change: func(r *Readings) { r[SystolicArterial] = at(85, 1000) }, value: 3},
		{name: "cuff later than arterial", change: func(r *Readings) { r[SystolicArterial] = at(85, 999) }},
		{name: "arterial later than cuff", change: func(r *Readings) { r[SystolicArterial] = at(85, 1001) }, value: 3},
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
		{name: "total before parts at one time", change: func(r *Readings) {
			r[GCSEye], r[GCSVerbal], r[GCSMotor] = at(1, 1000), at(1, 1000), at(1, 1000)
		}},
		{name: "parts later than total", change: func(r *Readings) {
			r[GCSEye], r[GCSVerbal], r[GCSMotor] = at(1, 1001), at(1, 1001), at(1, 1001)
		}, value: 3},
		{name: "one part later than the others and than the total", change: func(r *Readings) {
			r[GCSTotal].Value, r[GCSEye], r[GCSVerbal], r[GCSMotor] = 14, at(4, 999), at(5, 1001), at(6, 1001)
		}, value: 3}, // the sum is as old as the eyes
		{name: "eyes alone exclude alert", change: func(r *Readings) { r[GCSTotal], r[GCSEye] = Reading{}, at(3, 1) }, value: 3},
		{name: "motor alone excludes alert", change: func(r *Readings) { r[GCSTotal], r[GCSMotor] = Reading{}, at(5, 1) }, value: 3},
		{name: "eyes and motor without verbal do not tell", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSMotor] = Reading{}, at(4, 1), at(6, 1)
		}, missing: []string{"consciousness"}},
		{name: "E1 V not testable M2", change: func(r *Readings) {
			r[GCSTotal], r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{}, at(1, 1000), tube, at(2, 1000)
		}, value: 3},
		{name: "10T", change: func(r *Readings) {
			r[GCSTotal] = Reading{Known: true, Value: 10, EventTime: 1000, Flags: schemas.Untestable}
		}},
		{name: "9T", change: func(r *Readings) {
			r[GCSTotal] = Reading{Known: true, Value: 9, EventTime: 1000, Flags: schemas.Untestable}
		}, value: 3},
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
	r[SystolicArterial] = Reading{Known: true, Value: 85, EventTime: 2000}
	r[Ventilated] = Reading{Known: true, Value: 1}
	r[GCSTotal], r[GCSEye], r[GCSMotor] = Reading{}, Reading{Known: true, Value: 4}, Reading{Known: true, Value: 5}
	var n schemas.NEWS2
	NEWS2(&r, false, &n)
	var got []string
	sum := 0
	for _, in := range n.Inputs {
		got = append(got, fmt.Sprintf("%s %s %d", in.Component, in.Channel, in.Points))
		sum += in.Points
	}
	want := []string{
		"respiratory_rate respiratory_rate 0", "spo2 spo2 0", "oxygen fio2 0", "oxygen ventilated 2", "systolic systolic_arterial 3",
		"heart_rate heart_rate 0", "consciousness gcs_eye 0", "consciousness gcs_motor 3", "temperature temperature 0",
	}
	if !slices.Equal(got, want) || sum != n.Value || sum != 8 {
		t.Errorf("inputs %q of %d points, value %d, want %q", got, sum, n.Value, want)
	}
}

// What was measured too long ago keeps its points, and is told to be old; a fresh source of
// the same component goes before it.
func TestNEWS2Stale(t *testing.T) {
	old := func(v float32) Reading { return Reading{Known: true, Value: v, EventTime: 1, Stale: true} }
	r := well()
	r[RespiratoryRate], r[SystolicCuff], r[SystolicArterial], r[Temperature] = old(30), old(70), Reading{Known: true, Value: 120, EventTime: 900}, old(37)
	r[GCSTotal] = Reading{}
	r[GCSEye], r[GCSVerbal], r[GCSMotor] = Reading{Known: true, Value: 4, EventTime: 900}, old(3), old(6)
	var n schemas.NEWS2
	s := NEWS2(&r, false, &n)
	if want := []string{"respiratory_rate", "consciousness", "temperature"}; n.Value != 6 || !n.Partial || len(n.Missing) != 0 || !slices.Equal(n.Stale, want) {
		t.Errorf("%+v, want 6 points, stale %q", n, want)
	}
	for _, in := range n.Inputs {
		if stale := slices.Contains(n.Stale, in.Component); in.Stale != stale {
			t.Errorf("input %+v of a component that is stale: %v", in, stale)
		}
	}
	if fresh, three := s.Fresh(n.Value); fresh != 0 || three || !s.Holds() {
		t.Errorf("fresh %d, a single three %v, holds %v", fresh, three, s.Holds())
	}
	if s.Measured[ComponentSystolic] != 900 || s.Measured[ComponentRespiratoryRate] != 1 {
		t.Errorf("measured %v", s.Measured)
	}
	r[RespiratoryRate].Value, r[GCSVerbal].Value = 16, 5
	if s := NEWS2(&r, false, &n); n.Value != 0 || s.Holds() {
		t.Errorf("%d points, holds %v, where nothing that is stale had points", n.Value, s.Holds())
	}
}

// Every input belongs to one component.
func TestComponentInputs(t *testing.T) {
	seen := map[Input]int{}
	for _, inputs := range componentInputs {
		for _, i := range inputs {
			seen[i]++
		}
	}
	for i := range Inputs {
		if seen[i] != 1 {
			t.Errorf("%s is an input of %d components", InputChannels[i].Name, seen[i])
		}
	}
}
