package modelfolder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

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

// The tokenizer takes a time that grows with the square of what it is given at once, so that a text is
// given to it in pieces, cut where no token reaches over: before a single blank. A word of more than
// wordBytes, which is none, is broken. What is behind tokenBytes for every token that is read is not
// looked at.
const (
	pieceBytes = 128
	wordBytes  = 400
	tokenBytes = 16
)

// tokens makes tokens of a text.
type tokens struct {
	t              *hftokenizer.Tokenizer
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
	if err := readable(b); err != nil {
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

// readable refuses the tokenizers that were not held against their reference, or cannot be given a
// text in pieces.
func readable(file []byte) error {
	type step struct {
		Type          string `json:"type"`
		Normalizers   []step `json:"normalizers"`
		PreTokenizers []step `json:"pretokenizers"`
	}
	var t struct {
		Model        step  `json:"model"`
		Normalizer   *step `json:"normalizer"`
		PreTokenizer *step `json:"pre_tokenizer"`
	}
	if err := json.Unmarshal(file, &t); err != nil {
		return fmt.Errorf("no tokenizer.json of the tokenizers library: %w", err)
	}
	has := func(s *step, within func(*step) []step, name string) bool {
		return s != nil && (s.Type == name || slices.ContainsFunc(within(s), func(part step) bool { return part.Type == name }))
	}
	before := func(s *step) []step { return s.PreTokenizers }
	switch {
	case t.Model.Type != "WordPiece" && t.Model.Type != "BPE":
		return wants("model.type", fmt.Sprintf("%.80q", t.Model.Type), "WordPiece, or BPE of bytes; a server can have any other (protocol tei)")
	case t.Model.Type == "BPE" && !has(t.PreTokenizer, before, "ByteLevel"):
		return errors.New("BPE without the pre-tokenizer ByteLevel: expected BPE of bytes; a server can have any other (protocol tei)")
	case has(t.Normalizer, func(s *step) []step { return s.Normalizers }, "Prepend"):
		return errors.New("the normalizer Prepend is not read; a server can have this tokenizer (protocol tei)")
	}
	return nil
}

// recovered makes an error of a panic in a library that reads foreign bytes.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the tokenizer fails: %v", p)
	}
}

// passes cuts a text into passes of at most so many tokens, each with its special ones. An empty text
// is one pass of these alone.
func (ts *tokens) passes(ctx context.Context, text string, t *Text) (passes [][]int, err error) {
	ids, err := ts.encode(ctx, text)
	if err != nil {
		return nil, err
	}
	room := t.MaxTokens - len(ts.before) - len(ts.behind)
	for at := 0; len(passes) < t.MaxPasses; at += t.Stride {
		passes = append(passes, slices.Concat(ts.before, ids[at:min(at+room, len(ids))], ts.behind))
		if at+room >= len(ids) {
			break
		}
	}
	return passes, nil
}

// encode makes the tokens of a text, as many as can be read.
func (ts *tokens) encode(ctx context.Context, text string) (ids []int, err error) {
	defer func() {
		if recover() != nil { // what it says may hold words of the note
			err = fmt.Errorf("%w: the tokenizer fails on this text", ErrUnfit)
		}
	}()
	for left := ts.most * tokenBytes; len(text) > 0 && left > 0 && len(ids) < ts.most; {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrAway, err)
		}
		n := piece(text)
		ids = append(ids, ts.t.Encode(text[:n])...)
		text, left = text[n:], left-n
	}
	return ids[:min(len(ids), ts.most)], nil
}

// piece is how many bytes of a text are given to the tokenizer at once.
func piece(text string) int {
	for n := pieceBytes; n < len(text); n++ {
		if blank(text[n]) && !blank(text[n-1]) && n+1 < len(text) && !blank(text[n+1]) {
			return n
		}
		if n >= pieceBytes+wordBytes && utf8.RuneStart(text[n]) {
			return n
		}
	}
	return len(text)
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\t' || c == '\r' }

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
	passes, err := e.tokens.passes(ctx, text, t)
	if err != nil {
		return nil, err
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
	t, have, length := e.Manifest.Text, e.have, len(ids)
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
