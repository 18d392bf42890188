package modelfolder

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/schemas"
)

// maxCases is how many golden inputs are looked at: each costs a run at the start.
const maxCases = 100

// goldenCase is an input whose vector is known. One of Text, File and Strip is its input.
type goldenCase struct {
	Text   *string      `json:"text"`
	Tokens [][]int      `json:"tokens"` // of each pass; nil: not known
	File   string       `json:"file"`   // an image of the folder
	Strip  *goldenStrip `json:"strip"`
	Vector []float32    `json:"vector"`

	image []byte
}

// goldenStrip is a strip as a maker writes it.
type goldenStrip struct {
	RateHz  float64   `json:"rate_hz"`
	Gain    float64   `json:"gain"` // millivolts of a unit
	Leads   []string  `json:"leads"`
	Samples [][]int16 `json:"samples"`
}

// golden reads the golden inputs.
func (f *folder) golden(m *Manifest) ([]goldenCase, error) {
	b, err := f.read(m.Golden.File, maxGolden)
	if err != nil {
		return nil, err
	}
	var whole struct {
		Cases []goldenCase `json:"cases"`
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&whole); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something stands behind its end")
	}
	if n := len(whole.Cases); n < 1 || n > maxCases {
		return nil, wants("cases", n, fmt.Sprintf("1 to %d: an input and the vector that the network's maker saw for it", maxCases))
	}
	for i := range whole.Cases {
		if err := f.goldenCase(m, &whole.Cases[i]); err != nil {
			return nil, fmt.Errorf("case %d: %w", i+1, err)
		}
	}
	return whole.Cases, nil
}

// goldenCase holds one against the manifest.
func (f *folder) goldenCase(m *Manifest, c *goldenCase) (err error) {
	if len(c.Vector) != m.Dim {
		return wants("vector", fmt.Sprintf("%d numbers", len(c.Vector)), fmt.Sprintf("%d, which is dim", m.Dim))
	}
	has := map[string]bool{"notes": c.Text != nil, "imaging": c.File != "", "ecg": c.Strip != nil}
	for modality, is := range has {
		if is != (modality == m.Modality) {
			return fmt.Errorf("want the input of an encoder of %s and no other: text for notes, strip for ecg, file for imaging", m.Modality)
		}
	}
	switch {
	case c.Text != nil && len(*c.Text) > schemas.MaxNote:
		return wants("text", fmt.Sprintf("%d bytes", len(*c.Text)), fmt.Sprintf("at most %d, as of a note", schemas.MaxNote))
	case c.File != "":
		c.image, err = f.read(c.File, schemas.MaxImage)
		return err
	case c.Strip != nil:
		s := c.Strip
		if !(s.RateHz >= 1 && s.RateHz <= 20_000) || !finite(s.Gain) || s.Gain == 0 || len(s.Leads) == 0 || len(s.Leads) != len(s.Samples) ||
			slices.ContainsFunc(s.Samples, func(x []int16) bool { return len(x) != len(s.Samples[0]) }) {
			return errors.New("strip: want rate_hz from 1 to 20,000, a gain in millivolts, and as many samples of each lead")
		}
	}
	return nil
}

// Verify holds what the encoder gives against the golden vectors of its folder, once. A server that is
// away is ErrAway, and the next call tries again; an encoder that gives other vectors is ErrOther for
// good.
func (e *Encoder) Verify(ctx context.Context) error {
	e.verifying.Lock()
	defer e.verifying.Unlock()
	if e.verified || e.refused != nil {
		return e.refused
	}
	if err := e.fits(ctx); errors.Is(err, ErrAway) {
		return err
	} else if err != nil {
		e.refused = fmt.Errorf("%w: %w", ErrOther, err)
		return e.refused
	}
	for i := range e.cases {
		err := e.verifyCase(ctx, &e.cases[i])
		if errors.Is(err, ErrAway) {
			return err
		}
		if err != nil {
			e.refused = fmt.Errorf("%w: case %d of %s: %w", ErrOther, i+1, e.Manifest.Golden.File, err)
			return e.refused
		}
	}
	e.verified = true
	return nil
}

func (e *Encoder) verifyCase(ctx context.Context, c *goldenCase) (err error) {
	var v []float32
	switch {
	case c.Text != nil:
		var tokens [][]int
		v, err = e.text(ctx, *c.Text, &tokens)
		if err == nil && c.Tokens != nil && e.tokens != nil {
			if err := sameTokens(tokens, c.Tokens); err != nil {
				return err
			}
		}
	case c.Strip != nil:
		s := c.Strip
		v, err = e.strip(ctx, &schemas.Strip{RateHz: s.RateHz, Gain: s.Gain, Leads: s.Leads, Samples: s.Samples})
	default:
		v, err = e.image(ctx, c.image)
	}
	if err != nil {
		return err
	}
	return near(v, c.Vector, e.Manifest.Golden.Tolerance)
}

func sameTokens(found, expected [][]int) error {
	for p := range max(len(found), len(expected)) {
		if p >= len(found) || p >= len(expected) {
			return fmt.Errorf("the text makes %d passes, expected %d: max_tokens, stride, special tokens", len(found), len(expected))
		}
		for i := range max(len(found[p]), len(expected[p])) {
			switch {
			case i >= len(found[p]) || i >= len(expected[p]):
				return fmt.Errorf("pass %d has %d tokens, expected %d", p+1, len(found[p]), len(expected[p]))
			case found[p][i] != expected[p][i]:
				return fmt.Errorf("token %d of pass %d is %d, expected %d: does the tokenizer change case or accents as the maker's did?", i+1, p+1, found[p][i], expected[p][i])
			}
		}
	}
	return nil
}

// near says where two vectors differ most, if they differ by more than they may.
func near(found, expected []float32, tolerance float64) error {
	worst, at, beyond := 0.0, 0, 0
	for i := range expected {
		most := tolerance * (1 + math.Abs(float64(expected[i])))
		d := math.Abs(float64(found[i]) - float64(expected[i]))
		if !(d <= most) {
			beyond++
		}
		if d > worst {
			worst, at = d, i
		}
	}
	if beyond == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d numbers of the vector differ by more than golden.tolerance; number %d most: found %v, expected %v", beyond, len(expected), at+1, found[at], expected[at])
}
