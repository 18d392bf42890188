package news2test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// edges are the first and last entry of every band, put down by hand: a slip in the
// chart or in its reader shows here.
var edges = []struct {
	row    string
	oxygen bool
	points string // entry:points
}{
	{RespirationRate, false, "0:3 8:3 9:1 11:1 12:0 20:0 21:2 24:2 25:3 60:3"},
	{SpO2Scale1, false, "50:3 91:3 92:2 93:2 94:1 95:1 96:0 100:0"},
	{SpO2Scale1, true, "50:3 91:3 92:2 93:2 94:1 95:1 96:0 100:0"},
	{SpO2Scale2, false, "50:3 83:3 84:2 85:2 86:1 87:1 88:0 92:0 93:0 94:0 95:0 96:0 97:0 100:0"},
	{SpO2Scale2, true, "50:3 83:3 84:2 85:2 86:1 87:1 88:0 92:0 93:1 94:1 95:2 96:2 97:3 100:3"},
	{AirOrOxygen, false, "Air:0 Oxygen:2"},
	{Systolic, false, "40:3 90:3 91:2 100:2 101:1 110:1 111:0 219:0 220:3 300:3"},
	{Pulse, false, "0:3 40:3 41:1 50:1 51:0 90:0 91:1 110:1 111:2 130:2 131:3 250:3"},
	{Consciousness, false, "Alert:0 C:3 V:3 P:3 U:3"},
	{Temperature, false, "30.0:3 35.0:3 35.1:1 36.0:1 36.1:0 38.0:0 38.1:1 39.0:1 39.1:2 42.0:2"},
}

func TestEdges(t *testing.T) {
	chart, err := Read(Printed)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range edges {
		for pair := range strings.FieldsSeq(c.points) {
			entry, want, _ := strings.Cut(pair, ":")
			if got, err := chart.Points(c.row, entry, c.oxygen); err != nil || strconv.Itoa(got) != want {
				t.Errorf("%s %s on oxygen %v: %d points, want %s (%v)", c.row, entry, c.oxygen, got, want, err)
			}
		}
	}
}

// Every number of a row stands in one band: the chart has no gap and no overlap.
func TestBandsAreWhole(t *testing.T) {
	chart, err := Read(Printed)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []string{RespirationRate, SpO2Scale1, SpO2Scale2, Systolic, Pulse, Temperature} {
		for tenths := range 4000 {
			if row != Temperature && tenths%10 != 0 {
				continue
			}
			for _, oxygen := range []bool{false, true} {
				if _, err := chart.Points(row, fmt.Sprint(float64(tenths)/10), oxygen); err != nil {
					t.Error(err)
				}
			}
		}
	}
}

func TestPointsRefuses(t *testing.T) {
	chart, err := Read(Printed)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][2]string{
		{"Urine", "3"}, {Pulse, ""}, {Pulse, "fast"}, {Pulse, "90.5"}, {Temperature, "36.05"}, {Pulse, "NaN"},
		{Consciousness, "B"}, {Consciousness, "CV"}, {Consciousness, "15"}, {AirOrOxygen, "oxygen"},
	} {
		if n, err := chart.Points(c[0], c[1], false); err == nil {
			t.Errorf("%s %q: %d points, want an error", c[0], c[1], n)
		}
	}
	twice, err := Read("parameter | 1 | 0\nPulse | ≤50 | 50–90")
	if err != nil {
		t.Fatal(err)
	}
	if n, err := twice.Points(Pulse, "50", false); err == nil {
		t.Errorf("a number in two bands has %d points, want an error", n)
	}
}

func TestReadRefuses(t *testing.T) {
	for _, text := range []string{
		"",
		"parameter | high | low",
		"parameter | 1 | 0\nPulse | ≤50",
		"parameter | 1 | 0\nPulse | ≤50 | >50",
		"parameter | 1 | 0\nPulse | ≤fifty | ≥51",
		"parameter | 1 | 0\nPulse | ≤50 | 51–",
		"parameter | 1 | 0\nPulse | ≤50 | ≥51\nPulse | ≤50 | ≥51",
	} {
		if chart, err := Read(text); err == nil {
			t.Errorf("%q was read as %v", text, chart)
		}
	}
}
