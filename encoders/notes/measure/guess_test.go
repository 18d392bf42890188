package measure

import (
	"flag"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/notes"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

var write = flag.Bool("write-guess", false, "write encoders/notes/guess.bin anew from the training parts")

// example is the text of a section with its kind, a place in kinds.
type example struct {
	features []uint16
	kind     int
}

// TestGuessWeights trains the guesser anew when it is asked to; the weights in the program
// were made by it.
func TestGuessWeights(t *testing.T) {
	if !*write {
		t.Skip("runs with -write-guess")
	}
	rows := part(t, "train")
	e := notes.New()
	var kinds []string
	var examples []example
	for i := range rows {
		text, _ := rows[i].Note()
		for _, s := range truths(e, &rows[i]) {
			body := strings.TrimSpace(text[s.Start:s.End])
			if s.kind == "" || body == "" {
				continue
			}
			k := slices.Index(kinds, s.kind)
			if k < 0 {
				k = len(kinds)
				kinds = append(kinds, s.kind)
			}
			examples = append(examples, example{e.GuessFeatures(body), k})
		}
	}
	b := notes.AppendGuesser(nil, kinds, fit(examples, len(kinds)))
	if err := os.WriteFile(filepath.Join("..", "guess.bin"), b, 0o644); err != nil {
		t.Fatal(err)
	}
	t.Logf("%d examples of %d kinds, %d bytes", len(examples), len(kinds), len(b))
}

// Settings of the fit, chosen on a fifth of the training parts that was held back for it.
const (
	epochs  = 6
	penalty = 1e-3
	rate    = 0.5
)

// fit is a softmax regression with a quadratic penalty, by AdaGrad.
func fit(examples []example, kinds int) [][]float64 {
	w, g := make([][]float64, kinds), make([][]float64, kinds)
	for k := range w {
		w[k], g[k] = make([]float64, notes.GuessBuckets+1), make([]float64, notes.GuessBuckets+1)
	}
	r := rand.New(rand.NewPCG(1, 2))
	p := make([]float64, kinds)
	for range epochs {
		r.Shuffle(len(examples), func(i, j int) { examples[i], examples[j] = examples[j], examples[i] })
		for _, x := range examples {
			unit := 1 / math.Sqrt(float64(len(x.features)))
			most := math.Inf(-1)
			for k := range p {
				p[k] = w[k][notes.GuessBuckets]
				for _, f := range x.features {
					p[k] += unit * w[k][f]
				}
				most = max(most, p[k])
			}
			sum := 0.0
			for k := range p {
				p[k] = math.Exp(p[k] - most)
				sum += p[k]
			}
			for k := range p {
				d := p[k] / sum
				if k == x.kind {
					d--
				}
				step := func(f int, d float64) {
					d += penalty * w[k][f]
					g[k][f] += d * d
					w[k][f] -= rate * d / math.Sqrt(g[k][f]+1e-8)
				}
				for _, f := range x.features {
					step(int(f), unit*d)
				}
				step(notes.GuessBuckets, d)
			}
		}
	}
	return w
}

// part are the rows of the open tables whose names have a word.
func part(t testing.TB, word string) []Row {
	t.Helper()
	dir := os.DirFS(filepath.Join(opendata.Dir(t), "notes"))
	var rows []Row
	for _, name := range []string{"mts-dialog/MTS-Dialog-TrainingSet.csv.gz", "mts-dialog/MTS-Dialog-ValidationSet.csv.gz", "aci-bench/train.csv.gz", "aci-bench/valid.csv.gz"} {
		if !strings.Contains(strings.ToLower(name), word) {
			continue
		}
		found, err := table(dir, name)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, found...)
	}
	return rows
}

// The headings of the sets are known and keep their sections whole; from the text alone most
// sections of the validation parts, of which the weights have seen nothing, are told.
func TestSectionsOfTheOpenNotes(t *testing.T) {
	e, g := notes.New(), notes.NewGuesser()
	for _, word := range []string{"valid", "train"} {
		for layout, s := range JudgeSections(e, g, part(t, word)) {
			t.Logf("%s %s: %+v: by heading %.3f, by content %.3f", layout, word, *s, share(s.ByHeading, s.Sections), share(s.ByContent, s.Sections))
			if share(s.ByHeading, s.Sections) < 0.95 {
				t.Errorf("%s %s: %d of %d sections by heading", layout, word, s.ByHeading, s.Sections)
			}
			if word == "valid" && share(s.ByContent, s.Sections) < 0.6 {
				t.Errorf("%s: %d of %d sections by content", layout, s.ByContent, s.Sections)
			}
		}
	}
}
