package onnxtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/encoders/onnx"
)

// Library loads the library that VIGIL_ORT_LIB names, or the one that `make ort` has put beside the
// program. A name that leads nowhere fails the test; without a name and without a library it is left
// out, and says so.
func Library(t testing.TB) *onnx.Library {
	t.Helper()
	path, err := onnx.Find("", os.Getenv, filepath.Join(root(t), "bin", "vigil"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := onnx.Open(path)
	if err != nil && os.Getenv(onnx.Variable) == "" {
		t.Skipf("needs ONNX Runtime, which `make ort` brings: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// root is the folder of go.mod.
func root(t testing.TB) string {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if filepath.Dir(dir) == dir {
			break
		}
		dir = filepath.Dir(dir)
	}
	t.Fatal("no go.mod above the test")
	return ""
}
