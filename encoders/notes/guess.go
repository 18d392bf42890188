package notes

import (
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"
)

// GuessBuckets is how many rows the hashed words of a guess fall into.
const GuessBuckets = 1 << 12

// A Guesser tells the kind of a section from what it says, for text that has no heading. It
// is a linear model over hashed words and pairs of words. A guess never changes a polarity.
type Guesser struct {
	kinds   []string
	scale   float32
	weights []int8 // [kinds][GuessBuckets+1], the last is the bias
}

// guessText is made by the test TestGuessWeights of encoders/notes/measure; NOTICE.md says
// from what.
//
//go:embed guess.bin
var guessText string

// guessMagic begins the form of a guesser's weights: a line of kinds, a float32, the weights.
const guessMagic = "vigil-note-sections 1\n"

// NewGuesser returns the guesser with the weights in the program.
func NewGuesser() *Guesser {
	g, err := parseGuesser(guessText)
	if err != nil {
		panic("notes: " + err.Error())
	}
	return g
}

func parseGuesser(s string) (*Guesser, error) {
	body, ok := strings.CutPrefix(s, guessMagic)
	kinds, rest, ok2 := strings.Cut(body, "\n")
	if !ok || !ok2 || len(rest) < 4 {
		return nil, fmt.Errorf("guess.bin does not begin with %q, a line of kinds and a scale", guessMagic)
	}
	g := &Guesser{kinds: strings.Fields(kinds), scale: math.Float32frombits(binary.LittleEndian.Uint32([]byte(rest[:4])))}
	if want := len(g.kinds) * (GuessBuckets + 1); len(rest)-4 != want {
		return nil, fmt.Errorf("guess.bin has %d weights, want %d", len(rest)-4, want)
	}
	g.weights = make([]int8, len(rest)-4)
	for i := range g.weights {
		g.weights[i] = int8(rest[4+i])
	}
	return g, nil
}

// AppendGuesser appends the form of a guesser with these weights, [kinds][GuessBuckets+1],
// each rounded to 1/127 of the largest.
func AppendGuesser(b []byte, kinds []string, weights [][]float64) []byte {
	most := 0.0
	for _, row := range weights {
		for _, w := range row {
			most = max(most, math.Abs(w))
		}
	}
	scale := float32(most / 127)
	b = append(append(append(b, guessMagic...), strings.Join(kinds, " ")...), '\n')
	b = binary.LittleEndian.AppendUint32(b, math.Float32bits(scale))
	for _, row := range weights {
		for _, w := range row {
			b = append(b, byte(int8(math.Round(w/float64(scale)))))
		}
	}
	return b
}

// GuessFeatures are the buckets of a text's words and pairs of words, and of what kinds of
// concepts it speaks of in which polarity; each once, in order.
func (e *Encoder) GuessFeatures(text string) []uint16 {
	var out []uint16
	kinds := map[string]int{}
	read := e.Read(text)
	for i := range read.Findings {
		f := &read.Findings[i]
		kind := string(f.Kind)
		if f.Kind.Problem() {
			kind = "problem"
		}
		for _, name := range [...]string{kind, string(f.Polarity), kind + " " + string(f.Polarity)} {
			kinds[name]++
		}
	}
	for name, n := range kinds {
		h := hashStart.word("<concepts>").word(name)
		out = append(out, h.bucket(GuessBuckets))
		if n > 2 {
			out = append(out, h.word("<many>").bucket(GuessBuckets))
		}
	}
	before := hashStart.word("<begin>")
	n := 0
	for _, t := range tokenize(nil, text, 0, len(text)) {
		if !counted(t.word) {
			if len(t.word) == 1 && strings.Contains(".;:?!", t.word) {
				before = hashStart.word("<stop>")
			}
			continue
		}
		n++
		h := hashStart.word(t.word)
		out = append(out, h.bucket(GuessBuckets), before.word(t.word).bucket(GuessBuckets))
		before = h
	}
	// How long a section is says something of its own.
	size := []string{"<none>", "<few>", "<some>", "<more>", "<many>"}[min(4, (n+11)/12)]
	out = append(out, hashStart.word(size).bucket(GuessBuckets))
	slices.Sort(out)
	return slices.Compact(out)
}

// Guess is the kind of section that a text looks like.
func (g *Guesser) Guess(e *Encoder, text string) string {
	features := e.GuessFeatures(text)
	best, most := 0, math.Inf(-1)
	for k := range g.kinds {
		row := g.weights[k*(GuessBuckets+1):][:GuessBuckets+1]
		sum := 0
		for _, f := range features {
			sum += int(row[f])
		}
		if score := float64(g.scale) * (float64(sum)/math.Sqrt(float64(len(features))) + float64(row[GuessBuckets])); score > most {
			best, most = k, score
		}
	}
	return g.kinds[best]
}
