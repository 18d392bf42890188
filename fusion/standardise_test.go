package fusion

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
)

// standardised is a network that puts the vectors of its notes on scales, and one that takes them as they are.
func standardised() (on, off *Config) {
	on, off = small("notes", nil), small("notes", nil)
	m := &on.Modalities[1]
	m.Standardise = true
	for i := range m.Width {
		m.Centre, m.Scale = append(m.Centre, float32(i)/8), append(m.Scale, 0.25+float32(i))
	}
	return on, off
}

// A vector on scales says what a vector says that was put on them by hand, also where its first layer was
// kept; a number far away counts as one at the limit.
func TestItemsOnScales(t *testing.T) {
	on, off := standardised()
	m, plain := drawn(t, on, 5), drawn(t, off, 5)
	s := NewScratch(m)
	items := 0
	for seed := range uint64(8) {
		in, by := invented(m.Shape(), seed), invented(m.Shape(), seed)
		if v := in.Items[0].Vectors; len(v) > 0 {
			v[0] = 1e9
		}
		for i, x := range in.Items[0].Vectors {
			k := i % in.Items[0].Width
			by.Items[0].Vectors[i] = min(max((x-on.Modalities[1].Centre[k])/on.Modalities[1].Scale[k], -encoders.Limit), encoders.Limit)
			items++
		}
		want := predict(plain, by)
		if got := predict(m, in); !slices.Equal(got, want) {
			t.Fatalf("%v, want %v", got, want)
		}
		for i := range in.Items[0].Tau {
			w := in.Items[0].Width
			in.Items[0].Projected = append(in.Items[0].Projected, m.Project(s, 0, &encoders.KeptItem{State: schemas.Present, Vector: in.Items[0].Vectors[i*w : (i+1)*w]})...)
		}
		if got := predict(m, in); !slices.Equal(got, want) {
			t.Fatalf("with a kept first layer %v, want %v", got, want)
		}
	}
	if items == 0 {
		t.Error("no stay has an item")
	}
}

// Scales that no vector can be put on are refused.
func TestScalesOfItemsAreChecked(t *testing.T) {
	for name, change := range map[string]func(m *Modality){
		"too few":           func(m *Modality) { m.Centre, m.Scale = m.Centre[1:], m.Scale[1:] },
		"no centre":         func(m *Modality) { m.Centre = nil },
		"scale 0":           func(m *Modality) { m.Scale[0] = 0 },
		"no number":         func(m *Modality) { m.Centre[0] = float32(math.NaN()) },
		"nobody asked":      func(m *Modality) { m.Standardise = false },
		"presence alone":    func(m *Modality) { m.Width, m.Centre, m.Scale = 0, nil, nil },
		"words":             func(m *Modality) { m.Buckets, m.Encoder = 8, "e/1" },
		"infinitely spread": func(m *Modality) { m.Scale[0] = float32(math.Inf(1)) },
	} {
		c, _ := standardised()
		change(&c.Modalities[1])
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "standardise") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if c, _ := standardised(); c.Check() != nil {
		t.Error(c.Check())
	}
}

// A file that asks for scales and has none is refused: its vectors would be read as they are.
func TestAFileWithoutItsScalesIsRefused(t *testing.T) {
	for _, fitted := range []bool{true, false} {
		c, _ := standardised()
		if !fitted {
			c.Modalities[1].Centre, c.Modalities[1].Scale = nil, nil
		}
		n, err := NewNetwork[float32](c)
		if err != nil {
			t.Fatal(err)
		}
		n.Init(1)
		b, err := n.Marshal(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := Unmarshal(b); (err == nil) != fitted || err != nil && !strings.Contains(err.Error(), "notes: standardise without") {
			t.Errorf("fitted %v: %v", fitted, err)
		}
	}
}
