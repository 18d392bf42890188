package modelfolder

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/go-huggingface/tokenizers/api"
	"github.com/gomlx/go-huggingface/tokenizers/hftokenizer"
	"pgregory.net/rapid"
)

// A text in pieces makes the tokens of the whole, for both kinds of tokenizers.
func TestPiecesMakeTheSameTokens(t *testing.T) {
	for _, file := range []string{"notes/tokenizer.json", "bpe.json"} {
		dir, err := openFolder("testdata")
		if err != nil {
			t.Fatal(err)
		}
		ts, err := dir.tokens(&Text{Tokenizer: file, MaxTokens: 8000, Stride: 8000, MaxPasses: 1})
		dir.close()
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile("testdata/" + file)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := hftokenizer.NewFromContent(nil, b)
		if err != nil {
			t.Fatal(err)
		}
		if err := whole.With(api.EncodeOptions{}); err != nil {
			t.Fatal(err)
		}
		rapid.Check(t, func(t *rapid.T) {
			words := rapid.SliceOfN(rapid.SampledFrom([]string{"the", "patient", "Septic", "naïve", "90/60", "BP:", "漢字", "on", "x", "[SEP]", ""}), 0, 60).Draw(t, "words")
			gaps := rapid.SliceOfN(rapid.SampledFrom([]string{" ", " ", " ", "\n", "  ", " \n\n ", "\t"}), len(words), len(words)).Draw(t, "gaps")
			var text strings.Builder
			for i, w := range words {
				text.WriteString(w + gaps[i])
			}
			got, err := ts.encode(context.Background(), text.String())
			if want := whole.Encode(text.String()); err != nil || !slices.Equal(got, want) && len(got)+len(want) > 0 {
				t.Fatalf("%s, %q: %v, %v; want %v", file, text.String(), got, err, want)
			}
		})
	}
}

// The tokens of a byte-level tokenizer are those of the tokenizers library.
func TestByteLevelTokens(t *testing.T) {
	b, err := os.ReadFile("testdata/bpe_tokens.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct {
		Text   string
		Tokens []int
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	dir, err := openFolder("testdata")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.close()
	settings := &Text{Tokenizer: "bpe.json", MaxTokens: 512, Stride: 384, MaxPasses: 1}
	ts, err := dir.tokens(settings)
	if err != nil {
		t.Fatal(err)
	}
	passes, err := ts.passes(context.Background(), golden.Text, settings)
	if err != nil || len(passes) != 1 || !slices.Equal(passes[0], golden.Tokens) {
		t.Errorf("found %v, %v; want %v", passes, err, golden.Tokens)
	}
}

// A note that is made to be slow is read up to its bound: some seconds of time would be hours without.
func TestSlowTexts(t *testing.T) {
	dir, err := openFolder("testdata")
	if err != nil {
		t.Fatal(err)
	}
	defer dir.close()
	ts, err := dir.tokens(&Text{Tokenizer: "notes/tokenizer.json", MaxTokens: 64, Stride: 48, MaxPasses: 4})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{
		strings.Repeat("x", 1<<20), strings.Repeat(".,", 1<<19), strings.Repeat(" ", 1<<20), strings.Repeat("e\u0301", 1<<18), strings.Repeat("\x00\xff", 1<<19),
	} {
		ids, err := ts.encode(context.Background(), text)
		if err != nil || len(ids) > ts.most {
			t.Errorf("%.10q: %d tokens, at most %d are read; %v", text, len(ids), ts.most, err)
		}
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := ts.encode(over, "the patient"); err == nil {
		t.Error("no time, and no error")
	}
}
