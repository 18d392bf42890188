package news2test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// Printed is the College's chart: Royal College of Physicians, National Early
// Warning Score (NEWS) 2, London 2017, "The NEWS scoring system". A cell that the
// College prints on two lines has a comma here. The units are per minute, per
// cent, mmHg and degrees Celsius.
const Printed = `
Physiological parameter | 3     | 2      | 1         | 0                 | 1               | 2               | 3
Respiration rate        | ≤8    |        | 9–11      | 12–20             |                 | 21–24           | ≥25
SpO2 Scale 1            | ≤91   | 92–93  | 94–95     | ≥96               |                 |                 |
SpO2 Scale 2            | ≤83   | 84–85  | 86–87     | 88–92, ≥93 on air | 93–94 on oxygen | 95–96 on oxygen | ≥97 on oxygen
Air or oxygen?          |       | Oxygen |           | Air               |                 |                 |
Systolic blood pressure | ≤90   | 91–100 | 101–110   | 111–219           |                 |                 | ≥220
Pulse                   | ≤40   |        | 41–50     | 51–90             | 91–110          | 111–130         | ≥131
Consciousness           |       |        |           | Alert             |                 |                 | CVPU
Temperature             | ≤35.0 |        | 35.1–36.0 | 36.1–38.0         | 38.1–39.0       | ≥39.1           |
`

// Rows of the printed chart.
const (
	RespirationRate = "Respiration rate"
	SpO2Scale1      = "SpO2 Scale 1"
	SpO2Scale2      = "SpO2 Scale 2" // for hypercapnic respiratory failure
	AirOrOxygen     = "Air or oxygen?"
	Systolic        = "Systolic blood pressure"
	Pulse           = "Pulse"
	Consciousness   = "Consciousness"
	Temperature     = "Temperature"
)

// Entries of the rows that have words. Of CVPU (new confusion, voice, pain,
// unresponsive) the entry is one letter.
const (
	Air    = "Air"
	Oxygen = "Oxygen"
	Alert  = "Alert"
)

// Chart holds the bands of each row by the row's name.
type Chart map[string][]band

// band is one cell of the chart, or a part of it.
type band struct {
	points    int
	low, high float64 // the lowest and the highest number in it; not used where it has words
	words     []string
	only      string // Air or Oxygen where the band counts on that alone
}

// Read reads a chart that is laid out as Printed is. The error names the row and
// the cell that could not be read.
func Read(text string) (Chart, error) {
	var points []int
	chart := Chart{}
	for line := range strings.Lines(strings.TrimSpace(text)) {
		cells := strings.Split(line, "|")
		name := strings.TrimSpace(cells[0])
		if points != nil && len(cells)-1 != len(points) {
			return nil, fmt.Errorf("news2test: row %q has %d cells under %d columns", name, len(cells)-1, len(points))
		}
		if chart[name] != nil {
			return nil, fmt.Errorf("news2test: row %q stands twice", name)
		}
		heading := points == nil
		for i, cell := range cells[1:] {
			cell = strings.TrimSpace(cell)
			if heading {
				n, err := strconv.Atoi(cell)
				if err != nil {
					return nil, fmt.Errorf("news2test: column %q has no points", cell)
				}
				points = append(points, n)
				continue
			}
			if cell == "" {
				continue
			}
			for part := range strings.SplitSeq(cell, ", ") {
				b, err := readBand(part)
				if err != nil {
					return nil, fmt.Errorf("news2test: row %q: %w", name, err)
				}
				b.points = points[i]
				chart[name] = append(chart[name], b)
			}
		}
	}
	if len(chart) == 0 {
		return nil, errors.New("news2test: the chart has no rows")
	}
	return chart, nil
}

// readBand reads "≤8", "9–11", "≥25", "≥93 on air", a word, or letters.
func readBand(text string) (band, error) {
	b := band{low: math.Inf(-1), high: math.Inf(1)}
	numbers, air := strings.CutSuffix(text, " on air")
	numbers, oxygen := strings.CutSuffix(numbers, " on oxygen")
	switch {
	case air:
		b.only = Air
	case oxygen:
		b.only = Oxygen
	}
	var err error
	number := func(s string) float64 {
		v, wrong := strconv.ParseFloat(s, 64)
		if wrong != nil {
			err = fmt.Errorf("%q is no band of numbers", text)
		}
		return v
	}
	if most, ok := strings.CutPrefix(numbers, "≤"); ok {
		b.high = number(most)
	} else if least, ok := strings.CutPrefix(numbers, "≥"); ok {
		b.low = number(least)
	} else if least, most, ok := strings.Cut(numbers, "–"); ok {
		b.low, b.high = number(least), number(most)
	} else if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) }) {
		return b, fmt.Errorf("%q is neither a band of numbers nor a word", text)
	} else if text == strings.ToUpper(text) {
		b.words = strings.Split(text, "")
	} else {
		b.words = []string{text}
	}
	return b, err
}

// Points are those of an entry in a row: a number with as many decimals as the row
// has (none, but one for the temperature), or a word. Whether the patient has oxygen
// matters in scale 2 alone. An entry that is in no band of the row, or in two, is an
// error.
func (c Chart) Points(row, entry string, oxygen bool) (int, error) {
	breathes := Air
	if oxygen {
		breathes = Oxygen
	}
	var in []int
	for _, b := range c[row] {
		if b.holds(entry) && (b.only == "" || b.only == breathes) {
			in = append(in, b.points)
		}
	}
	if len(in) != 1 {
		return 0, fmt.Errorf("news2test: %s %q is in %d bands of the chart", row, entry, len(in))
	}
	return in[0], nil
}

func (b band) holds(entry string) bool {
	if b.words != nil {
		return slices.Contains(b.words, entry)
	}
	v, err := strconv.ParseFloat(entry, 64)
	return err == nil && b.low <= v && v <= b.high
}
