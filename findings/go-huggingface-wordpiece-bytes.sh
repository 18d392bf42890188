#!/usr/bin/env bash
# github.com/gomlx/go-huggingface v0.3.5 against tokenizers 0.22.1 (PyPI), one and the
# same tokenizer.json of WordPiece: max_input_chars_per_word counts characters in the
# reference, as its name says, and bytes in the Go library. A word of 60 Cyrillic
# letters, all in the vocabulary, is 60 tokens to the one and a single [UNK] to the
# other, though the limit is 100; one of 60 Latin letters is the same to both. Clinical
# vocabularies of such scripts, and German compounds with many umlauts, lose words
# without a message. Seen:
#
#   reference: latin 60 tokens, cyrillic 60 tokens
#   go: latin 60 tokens, cyrillic 1 tokens
#
# Fails where any of this has changed.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet tokenizers==0.22.1
"$dir/venv/bin/python" - "$dir" >"$dir/out" <<'PY'
import json
import sys

letters = ["a", "\u0431"]
vocab = {"[UNK]": 0, "a": 1, "##a": 2, "\u0431": 3, "##\u0431": 4}
json.dump({
    "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
    "pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None,
    "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": vocab},
}, open(sys.argv[1] + "/tokenizer.json", "w"))
from tokenizers import Tokenizer

t = Tokenizer.from_file(sys.argv[1] + "/tokenizer.json")
print("reference: latin %d tokens, cyrillic %d tokens" % tuple(len(t.encode(c * 60).ids) for c in letters))
PY
mkdir "$dir/go"
cd "$dir/go"
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/gomlx/go-huggingface/tokenizers/hftokenizer"
)

func main() {
	b, err := os.ReadFile(os.Args[1])
	if err != nil {
		panic(err)
	}
	t, err := hftokenizer.NewFromContent(nil, b)
	if err != nil {
		panic(err)
	}
	fmt.Printf("go: latin %d tokens, cyrillic %d tokens\n", len(t.Encode(strings.Repeat("a", 60))), len(t.Encode(strings.Repeat("\u0431", 60))))
}
GO
export GOFLAGS=-mod=mod
go mod init finding >/dev/null 2>&1
go get github.com/gomlx/go-huggingface@v0.3.5 >/dev/null 2>&1
go run . "$dir/tokenizer.json" >>"$dir/out"
cat "$dir/out"
diff "$dir/out" - <<'SEEN'
reference: latin 60 tokens, cyrillic 60 tokens
go: latin 60 tokens, cyrillic 1 tokens
SEEN
