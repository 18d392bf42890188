package fusion

import (
	"math"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas"
)

// WordBag makes a vector of a note's hashed words: the sum of the words' rows of a table that is
// learned with the network, each weighted by log(1+count), over the length of the weights, so that
// a long note is no louder than a short one.
type WordBag struct {
	// Table is [Buckets][Width], or NoParam.
	Table   nn.Param
	Buckets int // a power of two; a word's own bucket is taken modulo this
	Width   int
}

// countWeights are log(1+count) of every count that a word may have.
var countWeights = func() (w [256]float64) {
	for n := range w {
		w[n] = math.Log1p(float64(n))
	}
	return w
}()

// scale is 1 over the length of the words' weights; 0 where there are none.
func (l *WordBag) scale(words []schemas.NoteFeature) float64 {
	square := 0.0
	for _, w := range words {
		square += float64(countWeights[w.Count] * countWeights[w.Count])
	}
	if square == 0 {
		return 0
	}
	return 1 / math.Sqrt(square)
}

// row is where a word's row stands in the table.
func (l *WordBag) row(w schemas.NoteFeature) (from, to int) {
	at := int(w.Bucket) & (l.Buckets - 1)
	return at * l.Width, (at + 1) * l.Width
}

// wordVector sets y [Width] to the vector of words.
func wordVector[F nn.Float](l *WordBag, y, table []F, words []schemas.NoteFeature) {
	clear(y)
	scale := l.scale(words)
	for _, w := range words {
		from, to := l.row(w)
		nn.Axpy(y, F(scale*countWeights[w.Count]), table[from:to])
	}
}

// WordVectors are those of all notes of a batch, [rows][Width], stay by stay; that of a note
// without words is zeros. item counts the item modalities. The inputs must stay as they are until
// Backward has run.
func WordVectors[F nn.Float](t *nn.Tape[F], l WordBag, in []*encoders.Input, item, rows int) nn.Tensor[F] {
	y := t.New(rows, l.Width, true)
	table, r := t.Value(l.Table), 0
	for _, stay := range in {
		notes := &stay.Items[item]
		for i := range notes.Ends {
			wordVector(&l, y.Row(r), table, notes.WordsOf(i))
			r++
		}
	}
	if t.Records() {
		recordWords(t, l, y, in, item)
	}
	return y
}

// recordWords adds what Backward does for WordVectors.
func recordWords[F nn.Float](t *nn.Tape[F], l WordBag, y nn.Tensor[F], in []*encoders.Input, item int) {
	t.Record(func() {
		grad, r := t.Grad(l.Table), 0
		for _, stay := range in {
			notes := &stay.Items[item]
			for i := range notes.Ends {
				words := notes.WordsOf(i)
				scale := l.scale(words)
				for _, w := range words {
					from, to := l.row(w)
					nn.Axpy(grad[from:to], F(scale*countWeights[w.Count]), y.GradRow(r))
				}
				r++
			}
		}
	})
}
