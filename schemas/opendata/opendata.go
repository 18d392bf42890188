package opendata

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir is the folder of the open data: VIGIL_DATA, by default ../shared/data beside
// the checkout.
func Dir(t testing.TB) string { return find(t, "VIGIL_DATA", "data") }

// Reference is the folder of the golden vectors: VIGIL_REFERENCE, by default
// ../shared/reference/fusemoe beside the checkout.
func Reference(t testing.TB) string {
	return find(t, "VIGIL_REFERENCE", filepath.Join("reference", "fusemoe"))
}

func find(t testing.TB, variable, under string) string {
	t.Helper()
	dir := os.Getenv(variable)
	if dir == "" {
		dir = filepath.Join(root(t), "..", "shared", under)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("needs %s: there is nothing at %s", variable, dir)
	}
	return dir
}

// root is the checkout: the folder of go.mod above the test's own.
func root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}
