package policylab

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// Bounds of a log of scores.
const (
	mostLine   = 1 << 20
	mostScores = 4_000_000
)

// ReadScores reads a log of scores, the bodies of the score topic one a line, as `vigil demo --export` and
// `vigil replay --export` write them. The scores of a stay are in the order in which they were made; those of
// different stays may come in any order. A score that comes twice counts once.
func ReadScores(in io.Reader) ([]*Course, error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), mostLine)
	courses, last := map[[2]string]*Course{}, map[[2]string]uint64{}
	n, scores := 0, 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		s, err := schemas.DecodeScore(line)
		switch {
		case err != nil:
			return nil, fmt.Errorf("line %d: %w; want the body of a score, as `vigil demo --export` writes one a line", n, err)
		case s.Patient == "" || s.Stay == "":
			return nil, fmt.Errorf("line %d: this is no score: patient or stay is missing", n)
		case s.NEWS2.Value > 0 && len(s.NEWS2.Inputs) == 0:
			return nil, fmt.Errorf("line %d: the score does not list what its NEWS2 came from, without which levels and stale components cannot be told: record with --inputs all", n)
		}
		key := [2]string{s.Patient, s.Stay}
		c := courses[key]
		switch {
		case c == nil:
			c = &Course{Patient: s.Patient, Stay: s.Stay, Admitted: s.AsOf, Plain: true}
			c.events = append(c.events, event{kind: alerts.Opened, at: s.AsOf, model: s.Model})
			courses[key] = c
		case s.N <= last[key]:
			continue // it was published again
		case s.AsOf < c.events[len(c.events)-1].at:
			return nil, fmt.Errorf("line %d: the score is older than the one of its stay before it: want the scores of a stay in the order of n", n)
		}
		last[key] = s.N
		if scores++; scores > mostScores {
			return nil, fmt.Errorf("line %d: more than %d scores: try policies on fewer stays", n, mostScores)
		}
		score := alerts.ScoreOf(s)
		c.events = append(c.events, event{kind: alerts.Scored, at: s.AsOf, model: s.Model, score: &score})
		if s.Due == schemas.DueHour {
			c.FullHours++
		}
	}
	if err := lines.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			err = fmt.Errorf("longer than %d bytes: a score has one line", mostLine)
		}
		return nil, fmt.Errorf("line %d: %w", n+1, err)
	}
	if len(courses) == 0 {
		return nil, errors.New("there is no score in it")
	}
	list := make([]*Course, 0, len(courses))
	for _, c := range courses {
		list = append(list, c)
	}
	slices.SortFunc(list, func(a, b *Course) int {
		return cmp.Or(cmp.Compare(a.Patient, b.Patient), cmp.Compare(a.Admitted, b.Admitted), cmp.Compare(a.Stay, b.Stay))
	})
	return list, nil
}
