package main

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
)

// Every modality that the model fuses has a line that says what encodes it.
func TestEncodersListNamesEveryModality(t *testing.T) {
	var out strings.Builder
	if code := run(context.Background(), []string{"encoders", "list"}, &out, io.Discard); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != int(encoders.NumModalities) {
		t.Fatalf("%d lines, want one a modality:\n%s", len(lines), out.String())
	}
	for i, line := range lines {
		if !strings.HasPrefix(line, encoders.Names[i]+" ") {
			t.Errorf("line %d is %q, want that of %s", i+1, line, encoders.Names[i])
		}
	}
}
