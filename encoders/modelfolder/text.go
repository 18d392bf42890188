package modelfolder

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/go-huggingface/tokenizers/api"
	"github.com/gomlx/go-huggingface/tokenizers/hftokenizer"

	"github.com/vigil-icu/vigil/encoders/network"
)

// Ways from the vectors of tokens to one of a pass, and from those of the passes to one of the note.
const (
	cls     = "cls"      // the first token's; the mean over passes
	pooler  = "pooler"   // the network's own; the mean over passes
	mean    = "mean"     // the mean over tokens, then over passes
	meanMax = "mean_max" // the mean over tokens, then mean and largest over passes, one behind the other
)

// wordBytes bounds what stands between two blanks before it is broken: some tokenizers take a time that
// grows with the square of a word.
const wordBytes = 400

// tokens makes tokens of a text.
type tokens struct {
	t              *hftokenizer.Tokenizer
	special        *hftokenizer.Tokenizer
	before, behind []int // what stands around each pass, [CLS] and [SEP] of most
	pad            int
	most           int // tokens of a note that can be read
}

func (f *folder) tokens(t *Text) (ts *tokens, err error) {
	defer recovered(&err)
	b, err := f.read(t.Tokenizer, maxTokenizer)
	if err != nil {
		return nil, err
	}
	ts = &tokens{}
	if ts.t, err = hftokenizer.NewFromContent(nil, b); err != nil {
		return nil, err
	}
	if ts.t.VocabSize() == 0 {
		return nil, errors.New("its vocabulary is empty: want a tokenizer.json of the tokenizers library")
	}
	if err := ts.t.With(api.EncodeOptions{}); err != nil {
		return nil, err
	}
	whole, err := hftokenizer.NewFromContent(nil, b)
	if err != nil {
		return nil, err
	}
	const probe = "a"
	inner, outer := ts.t.Encode(probe), whole.Encode(probe)
	at := -1
	for i := 0; i+len(inner) <= len(outer) && len(inner) > 0; i++ {
		if slices.Equal(outer[i:i+len(inner)], inner) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, fmt.Errorf("its special tokens do not stand around the text: %d tokens without, %d with them", len(inner), len(outer))
	}
	ts.before, ts.behind = slices.Clone(outer[:at]), slices.Clone(outer[at+len(inner):])
	if len(ts.before)+len(ts.behind) >= t.MaxTokens {
		return nil, fmt.Errorf("%d special tokens leave no room in max_tokens %d", len(ts.before)+len(ts.behind), t.MaxTokens)
	}
	if pad, err := ts.t.SpecialTokenID(api.TokPad); err == nil && pad >= 0 {
		ts.pad = pad
	}
	ts.most = t.MaxTokens + (t.MaxPasses-1)*t.Stride
	return ts, nil
}

// recovered makes an error of a panic in a library that reads foreign bytes.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the tokenizer fails: %v", p)
	}
}

// passes cuts a text into passes of at most so many tokens, each with its special ones. An empty text
// is one pass of these alone.
func (ts *tokens) passes(text string, t *Text) (passes [][]int, err error) {
	defer func() {
		if recover() != nil { // its words may be those of the note
			err = errors.New("the tokenizer fails on this text")
		}
	}()
	ids := ts.t.Encode(broken(text, ts.most))
	room := t.MaxTokens - len(ts.before) - len(ts.behind)
	for at := 0; len(passes) < t.MaxPasses; at += t.Stride {
		passes = append(passes, slices.Concat(ts.before, ids[at:min(at+room, len(ids))], ts.behind))
		if at+room >= len(ids) {
			break
		}
	}
	return passes, nil
}

// broken cuts a text behind what so many tokens can be made of, and puts a blank into words that are
// longer than any word.
func broken(text string, most int) string {
	// No tokenizer in use makes less than a token of 64 bytes between two blanks, on average of a text.
	text = text[:min(len(text), most*64)]
	run := 0
	for i := range len(text) {
		if c := text[i]; c == ' ' || c == '\n' || c == '\t' || c == '\r' {
			run = 0
		} else if run++; run > wordBytes {
			return brokenFrom(text)
		}
	}
	return text
}

func brokenFrom(text string) string {
	out, run := make([]byte, 0, len(text)+len(text)/wordBytes+1), 0
	for _, r := range text {
		if r == ' ' || r == '\n' || r == '\t' || r == '\r' {
			run = 0
		} else if run++; run > wordBytes {
			out, run = append(out, ' '), 1
		}
		out = append(out, string(r)...)
	}
	return string(out)
}

// text makes the vector of a note. said, where it is not nil, takes the tokens of each pass.
func (e *Encoder) text(ctx context.Context, text string, said *[][]int) ([]float32, error) {
	if e.texts != nil {
		v, err := e.texts.Embed(ctx, text)
		if err != nil {
			return nil, e.failed(ctx, err)
		}
		return e.whole(v)
	}
	t := e.Manifest.Text
	passes, err := e.tokens.passes(text, t)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnfit, err)
	}
	if said != nil {
		*said = passes
	}
	width := e.width()
	sum, most := make([]float64, width), slices.Repeat([]float32{float32(math.Inf(-1))}, width)
	for _, p := range passes {
		v, err := e.pass(ctx, p)
		if err != nil {
			return nil, err
		}
		for i, x := range v {
			sum[i] += float64(x)
			most[i] = max(most[i], x)
		}
	}
	v := make([]float32, width, e.Manifest.Dim)
	for i, s := range sum {
		v[i] = float32(s / float64(len(passes)))
	}
	if t.Pooling == meanMax {
		v = append(v, most...)
	}
	if t.Normalize {
		normalize(v)
	}
	return e.whole(v)
}

func normalize(v []float32) {
	var squares float64
	for _, x := range v {
		squares += float64(float64(x) * float64(x))
	}
	length := max(math.Sqrt(squares), 1e-12)
	for i := range v {
		v[i] = float32(float64(v[i]) / length)
	}
}

// pass makes the vector of one pass. A network of a fixed length gets padding, which its mask hides.
func (e *Encoder) pass(ctx context.Context, ids []int) ([]float32, error) {
	t, have, length := e.Manifest.Text, e.runner.Signature(), len(ids)
	if in := have.Input(t.IDs); in != nil && in.Ranked && len(in.Sides) == 2 && in.Sides[1] != network.Any {
		if length = in.Sides[1]; len(ids) > length {
			return nil, fmt.Errorf("%w: the network takes %d tokens, text.max_tokens is %d", ErrUnfit, length, t.MaxTokens)
		}
	}
	tensor := func(name string, of func(i int) int64) network.Tensor {
		x := network.Tensor{Name: name, Shape: []int{1, length}, Ints: make([]int64, length)}
		for i := range length {
			x.Ints[i] = of(i)
		}
		return x
	}
	inputs := []network.Tensor{
		tensor(t.IDs, func(i int) int64 {
			if i < len(ids) {
				return int64(ids[i])
			}
			return int64(e.tokens.pad)
		}),
		tensor(t.Mask, func(i int) int64 {
			if i < len(ids) {
				return 1
			}
			return 0
		}),
	}
	if have.Input(t.Types) != nil {
		inputs = append(inputs, tensor(t.Types, func(int) int64 { return 0 }))
	}
	out, err := e.run(ctx, inputs, t.Output)
	if err != nil {
		return nil, err
	}
	width := e.width()
	if t.Pooling == pooler {
		if len(out) != width {
			return nil, fmt.Errorf("%w: the network gives %d numbers for a text, expected %d", ErrUnfit, len(out), width)
		}
		return out, nil
	}
	if len(out) != length*width {
		return nil, fmt.Errorf("%w: the network gives %d numbers for %d tokens, expected %d for each", ErrUnfit, len(out), length, width)
	}
	if t.Pooling == cls {
		return out[:width], nil
	}
	v := make([]float32, width)
	for i := range width {
		var sum float64
		for k := range ids {
			sum += float64(out[k*width+i])
		}
		v[i] = float32(sum / float64(len(ids)))
	}
	return v, nil
}
