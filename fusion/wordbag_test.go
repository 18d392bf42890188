package fusion

import (
	"math"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// words is a config whose notes are hashed words, of a modality that serves.
func words(encoder string) *Config {
	return small("words", func(c *Config) {
		c.Modalities[1].Width, c.Modalities[1].Buckets, c.Modalities[1].Encoder = 3, 16, encoder
	})
}

// The vector of a note is the weighted sum of its words' rows, over the length of the weights: twice
// the same words are no louder, and a bucket beyond the table shares a row.
func TestWordVectors(t *testing.T) {
	p := &nn.Params[float32]{}
	l := WordBag{p.Add("words", 4, 2), 4, 2}
	copy(p.Value(l.Table), []float32{1, 2, 3, 4, 5, 6, 7, 8})
	in := &encoders.Input{Items: []encoders.Items{{Buckets: 4, Words: []schemas.NoteFeature{{Bucket: 1, Count: 1}, {Bucket: 6, Count: 3}}, Ends: []int{2, 2}}}}
	y := WordVectors(nn.NewTape(p, false), l, []*encoders.Input{in}, 0, 2)
	a, b := math.Log1p(1), math.Log1p(3)
	for i, want := range []float64{(a*3 + b*5) / math.Hypot(a, b), (a*4 + b*6) / math.Hypot(a, b), 0, 0} {
		if got := float64(y.Value[i]); math.Abs(got-want) > 1e-5 {
			t.Errorf("element %d is %v, want %v", i, got, want)
		}
	}
}

// What serving keeps of a note's first layer has the bits of the one that is made in the pass, and an
// item of another encoder, or one that was not encoded, has none.
func TestProjectedWordsChangeNothing(t *testing.T) {
	m := drawn(t, words("e/1"), 5)
	s := NewScratch(m)
	for seed := range uint64(6) {
		in := invented(m.Shape(), seed)
		want := predict(m, in)[0]
		notes := &in.Items[0]
		for i := range notes.Ends {
			kept := &encoders.KeptItem{State: schemas.Present, Encoder: "e/1", Words: notes.WordsOf(i)}
			notes.Projected = append(notes.Projected, m.Project(s, 0, kept)...)
			if kept.Encoder = "e/2"; m.Project(s, 0, kept) != nil {
				t.Error("an item of another encoder was read")
			}
		}
		if got := predict(m, in)[0]; got != want {
			t.Errorf("stay %d: %v with what was kept, %v without", seed, got, want)
		}
	}
}

// A model that was trained on what one encoder makes is refused where another is at work: with what
// it wants, what was found and the mend.
func TestAModelOfAnotherEncoderIsRefused(t *testing.T) {
	m := drawn(t, words("vigil-notes/1"), 5)
	at := func(id string) func(encoders.Modality) string { return func(encoders.Modality) string { return id } }
	if err := m.ReadsFrom(at("vigil-notes/1")); err != nil {
		t.Error(err)
	}
	if err := Untrained().ReadsFrom(at("any/9")); err != nil {
		t.Errorf("a model that reads presence alone: %v", err)
	}
	for _, id := range []string{"vigil-notes/2", ""} {
		err := m.ReadsFrom(at(id))
		if err == nil || !strings.Contains(err.Error(), "vigil-notes/1") || id != "" && !strings.Contains(err.Error(), id) || !strings.Contains(err.Error(), "vigil encoders list") {
			t.Errorf("encoder %q at work: %v", id, err)
		}
	}
}

// What a config says of content is checked.
func TestContentOfAConfigIsChecked(t *testing.T) {
	for name, change := range map[string]func(m *Modality){
		"no power of two": func(m *Modality) { m.Buckets = 12 },
		"too many":        func(m *Modality) { m.Buckets = 2 * encoders.MostBuckets },
		"no width":        func(m *Modality) { m.Width = 0 },
		"no encoder":      func(m *Modality) { m.Encoder = "" },
	} {
		c := words("e/1")
		change(&c.Modalities[1])
		if err := c.Check(); err == nil || !strings.Contains(err.Error(), "notes") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
