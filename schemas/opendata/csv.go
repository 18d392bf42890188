package opendata

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// EachRow reads a CSV file with a header, gzipped by its name; row gives a field by
// the lower-case name of its column. It is plain and slow: it judges the readers
// that are neither.
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
