package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/onnx/onnxtest"
)

// A folder of a site's own encoder is found right, or said to be wrong with what was found and expected;
// the list has a line for it.
func TestEncodersCheck(t *testing.T) {
	onnxtest.Library(t)
	folders := filepath.Join(moduleRoot, "encoders", "modelfolder", "testdata")
	library := []string{}
	if os.Getenv("VIGIL_ORT_LIB") == "" {
		library = []string{"--ort-lib", filepath.Join(moduleRoot, "bin")}
	}
	check := func(dir string) (int, string, string) {
		return vigil(t.Context(), append([]string{"encoders", "check", dir}, library...)...)
	}
	for _, name := range []string{"notes", "imaging", "ecg"} {
		code, out, stderr := check(filepath.Join(folders, name))
		if code != 0 || !strings.Contains(out, "invented-"+name+"/1 of "+name) || !strings.Contains(out, "ok: hash, signature and golden vectors") {
			t.Errorf("%s: exit %d: %s%s", name, code, out, stderr)
		}
	}
	wrong := t.TempDir()
	if err := os.CopyFS(wrong, os.DirFS(filepath.Join(folders, "imaging"))); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(wrong, "encoder.json")
	b, err := os.ReadFile(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(settings, []byte(strings.Replace(string(b), `"side": 16`, `"side": 224`, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := check(wrong)
	if code != boot.ExitUsage || !strings.Contains(stderr, "expected: takes film float32 [1, 1, 224, 224]") || !strings.Contains(out, "model.onnx has SHA-256") {
		t.Errorf("a network of another size: exit %d: %s%s", code, out, stderr)
	}
	if code, _, stderr := vigil(t.Context(), "encoders", "check", filepath.Join(folders, "notes"), "--ort-lib", filepath.Join(wrong, "nothing.so")); code == 0 || !strings.Contains(stderr, "make ort") {
		t.Errorf("without a library: exit %d: %s", code, stderr)
	}
}

// The list has a site's own encoders behind those of the program, and reads their folders only.
func TestEncodersListOwn(t *testing.T) {
	folder := filepath.Join(moduleRoot, "encoders", "modelfolder", "testdata", "notes")
	var out strings.Builder
	if code := run(t.Context(), []string{"encoders", "list", "--encoder", "notes=" + folder}, &out, io.Discard); code != 0 || !strings.Contains(out.String(), "\nnotes    invented-notes/1  the site's own") {
		t.Errorf("exit %d: %s", code, out.String())
	}
	for _, setting := range []string{"ecg=" + folder, "notes=/nowhere", "notes"} {
		if code := run(t.Context(), []string{"encoders", "list", "--encoder", setting}, io.Discard, io.Discard); code != boot.ExitUsage {
			t.Errorf("--encoder %s: exit %d", setting, code)
		}
	}
}
