package opendata

import (
	"archive/tar"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// Dir is the folder of the open data, as VIGIL_DATA names it, by default ../shared/data
// beside the checkout. It skips the test where there is none.
func Dir(t testing.TB) string { return find(t, "VIGIL_DATA", "data") }

// Reference is the folder of the golden vectors of the published network, as
// VIGIL_REFERENCE names it, by default ../shared/reference/fusemoe beside the checkout. It
// skips the test where there is none.
func Reference(t testing.TB) string {
	return find(t, "VIGIL_REFERENCE", filepath.Join("reference", "fusemoe"))
}

// find is the folder that an environment variable names, or a part of ../shared.
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

// root is the checkout. It is the folder of go.mod above the test's own, in which go test
// starts each test.
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

// EachRow reads a CSV file with a header and calls row for each line behind it, with a
// function that gives a field by the lower-case name of its column. A file whose name ends
// in .gz is gzip. It is plain and slow on purpose, since it judges the readers that are
// neither. Whatever is wrong with the file fails the test.
func EachRow(t testing.TB, path string, row func(field func(string) string)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if filepath.Ext(path) == ".gz" {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[strings.ToLower(name)] = i
	}
	var fields []string
	get := func(name string) string {
		i, ok := at[name]
		if !ok {
			t.Fatalf("%s has no column %s", path, name)
		}
		return fields[i]
	}
	for {
		if fields, err = r.Read(); errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		row(get)
	}
}

// Archive unpacks a .tar.gz into memory.
func Archive(t testing.TB, path string) fs.FS {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			files[h.Name] = &fstest.MapFile{Data: b}
		}
	}
}
