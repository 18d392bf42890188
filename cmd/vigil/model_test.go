package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// vigil model parity says of each case whether it is ok, ends with the count, and exits
// 4 where a case is off.
func TestModelParity(t *testing.T) {
	from, dir := opendata.Reference(t), t.TempDir()
	const file = "time_embedding.safetensors"
	raw, err := os.ReadFile(filepath.Join(from, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]any
	if err := json.Unmarshal(raw, &index); err != nil {
		t.Fatal(err)
	}
	var cases []any
	for _, c := range index["cases"].([]any) {
		if c.(map[string]any)["file"] == file {
			cases = append(cases, c)
		}
	}
	index["cases"] = cases
	raw, err = json.Marshal(index)
	if err != nil {
		t.Fatal(err)
	}
	vectors, err := os.ReadFile(filepath.Join(from, file))
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("index.json", raw)
	write(file, vectors)
	code, stdout, stderr := vigil(t.Context(), "model", "parity", dir)
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != boot.ExitOK || len(lines) != len(cases)+1 || lines[len(cases)] != "3 ok, 0 failed" || !strings.HasSuffix(lines[0], " ok") {
		t.Fatalf("exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}

	// The names of an output and of a gradient of the same shape change places.
	a, b, c := []byte(`"phi.s11/grad/phi.w"`), []byte(`"phi.s11/grad/phi.b"`), []byte(`"phi.s11/grad/phi.x"`)
	swapped := bytes.Replace(bytes.Replace(bytes.Replace(vectors, a, c, 1), b, a, 1), c, b, 1)
	write(file, swapped)
	code, stdout, stderr = vigil(t.Context(), "model", "parity", dir)
	if code != boot.ExitProblems || !strings.HasSuffix(stdout, "2 ok, 1 failed\n") || !strings.Contains(stdout, "FAILED float64: gradient phi.") || !strings.Contains(stderr, "1 of 3 cases") {
		t.Errorf("gradients exchanged: exit %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	write(file, vectors[:len(vectors)-9])
	if code, _, stderr = vigil(t.Context(), "model", "parity", dir); code != boot.ExitUsage || !strings.Contains(stderr, "torn") {
		t.Errorf("a torn file: exit %d, stderr %q", code, stderr)
	}
}
