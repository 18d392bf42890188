package policytest

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// point is one number of a series.
type point struct {
	known  bool
	value  float64
	single bool // a single component of NEWS2 has 3 points
}

// mostPoints bounds a series: a week of minutes.
const mostPoints = 7 * 24 * 60

// word is one word of a series: a number or _, what each next one has more or less, and how many come after it.
var word = regexp.MustCompile(`^(_|-?[0-9.]+)(!)?(?:([+-][0-9.]+))?(?:x([0-9]+))?$`)

// parseSeries reads the notation of promtool. There "_x3" is three numbers that are not there, and "5x3" is four of 5.
func parseSeries(text string) ([]point, error) {
	var out []point
	for _, w := range strings.Fields(text) {
		m := word.FindStringSubmatch(w)
		if m == nil {
			return nil, fmt.Errorf("%q: want a number, 5x3 (5, and three times more), 0.1+0.05x10 or _ for none", w)
		}
		more, step := 0, 0.0
		if m[4] != "" {
			n, err := strconv.Atoi(m[4])
			if err != nil || n > mostPoints {
				return nil, fmt.Errorf("%q: want at most %d numbers", w, mostPoints)
			}
			more = n
		}
		if m[1] == "_" {
			if m[2] != "" || m[3] != "" {
				return nil, fmt.Errorf("%q: what is not there has no points and does not change", w)
			}
			if m[4] == "" {
				more = 1
			}
			out = append(out, make([]point, more)...)
		} else {
			value, err := strconv.ParseFloat(m[1], 64)
			if err == nil && m[3] != "" {
				step, err = strconv.ParseFloat(m[3], 64)
			}
			if err != nil {
				return nil, fmt.Errorf("%q: %w", w, err)
			}
			for i := range more + 1 {
				// A series in steps of 0.1 is meant to have 0.3 in it, and not what 0.1 three times adds up to.
				v := math.Round((value+float64(float64(i)*step))*1e9) / 1e9
				out = append(out, point{known: true, value: v, single: m[2] != ""})
			}
		}
		if len(out) > mostPoints {
			return nil, fmt.Errorf("more than %d numbers", mostPoints)
		}
	}
	return out, nil
}
