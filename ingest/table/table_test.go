package table

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas"
)

// rows reads everything: rows joined by |, row errors as "!".
func rows(t *testing.T, text string) ([]string, error) {
	t.Helper()
	r, err := NewReader("T.csv", strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	var out []string
	for {
		row, err := r.Next()
		var bad *RowError
		if errors.As(err, &bad) {
			out = append(out, "!"+bad.Error())
			continue
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return out, err
		}
		out = append(out, string(bytes.Join(row, []byte("|"))))
	}
}

func TestRows(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "a,b\n1,2\n3,\n", "1|2;3|"},
		{"no newline at the end, CRLF", "a,b\r\n1,2\r\n3,4", "1|2;3|4"},
		{"empty lines", "a,b\n\n1,2\n\n", "1|2"},
		{"quoted comma, quote, line end", "a,b\n\"1,\"\"x\"\"\",\"p\nq\"\n5,6\n", "1,\"x\"|p\nq;5|6"},
		{"quote in the middle of a field", "a,b\n7\" tube,2\n", "7\" tube|2"},
		{"empty quoted", "a,b\n\"\",\"\"\n", "|"},
		{"too few and too many", "a,b\n1\n1,2,3\n4,5\n", "!T.csv line 2: 1 fields, the header has 2;!T.csv line 3: 3 fields, the header has 2;4|5"},
		{"text behind a quote", "a,b\n\"1\"x,2\n4,5\n", "!T.csv line 2: text between a closing quote and the next comma;4|5"},
		{"not UTF-8", "a,b\n\xff,2\n4,5\n", "!T.csv line 2: not UTF-8;4|5"},
	} {
		got, err := rows(t, c.text)
		if err != nil || strings.Join(got, ";") != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, strings.Join(got, ";"), err, c.want)
		}
	}
}

func TestLinesAreCountedThroughQuotes(t *testing.T) {
	got, _ := rows(t, "a,b\n\"x\ny\nz\",1\nbad\n")
	if want := "!T.csv line 5: 1 fields, the header has 2"; got[1] != want {
		t.Fatalf("got %q, want %q", got[1], want)
	}
}

func TestUnclosedQuoteEndsTheTable(t *testing.T) {
	_, err := rows(t, "a,b\n1,2\n\"3,4\n5,6\n")
	if err == nil || !strings.Contains(err.Error(), "T.csv line 3: a quote opens") {
		t.Fatalf("got %v", err)
	}
}

func TestCutGzip(t *testing.T) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprintln(z, "row_id,value")
	for i := range 20000 {
		fmt.Fprintf(z, "%d,%d\n", i, i*7919%1000)
	}
	z.Close()
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "labevents.CSV.gz"), b.Bytes()[:b.Len()/2], 0o644)
	r, err := Open(dir, "LABEVENTS")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	n := 0
	for ; err == nil; n++ {
		_, err = r.Next()
	}
	if n < 1000 || !strings.Contains(err.Error(), "labevents.CSV.gz is damaged or cut off after line") {
		t.Fatalf("after %d rows: %v", n, err)
	}
	os.WriteFile(filepath.Join(dir, "x.csv.gz"), []byte("row_id\n1\n"), 0o644)
	if _, err = Open(dir, "X"); err == nil || !strings.Contains(err.Error(), "not a gzip file") {
		t.Fatalf("plain text named gz: %v", err)
	}
	if _, err = Open(dir, "Y"); !errors.Is(err, os.ErrNotExist) {
		t.Fatalf("missing: %v", err)
	}
}

func TestTime(t *testing.T) {
	for _, s := range []string{"2130-02-04 04:00:00", "2100-02-28 23:59:59", "2000-02-29 00:00:00", "1969-12-31 23:59:59", "1800-01-01 00:00:00", "2400-12-31 12:00:00", "2101-03-01"} {
		want, err := schemas.ParseTime(s, time.UTC)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := Time([]byte(s)); !ok || got != want {
			t.Errorf("%s: got %v %v, want %v", s, got, ok, want)
		}
	}
	for _, s := range []string{"", "2100-02-29 00:00:00", "2130-13-01 00:00:00", "2130-02-04 24:00:00", "2130-02-04 04:00", "1799-01-01", "2130-02-04 04:00:00.", "x130-02-04", "2130-00-10"} {
		if got, ok := Time([]byte(s)); ok {
			t.Errorf("%q read as %v", s, got)
		}
	}
}

// FuzzReader compares with encoding/csv wherever that accepts the input.
func FuzzReader(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "a,b\n\"x,\"\"y\"\"\",2\n", "a\n\"1\n2\"\n", "a,b\n1\n", "\"", "a\r\n1\r\n", "a,b\n\"x\ny\",\n\"\",\"\""} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, gotErr := rows(t, text)
		if strings.HasPrefix(text, "\n") || strings.Contains(text, "\r") || strings.Contains(text, "\xef\xbb\xbf") {
			return // encoding/csv skips empty lines before the header, and treats carriage returns otherwise
		}
		c := csv.NewReader(strings.NewReader(text))
		c.FieldsPerRecord = 0
		all, err := c.ReadAll()
		if err != nil || len(all) == 0 || len(all[0]) < 2 || strings.ToValidUTF8(text, "") != text {
			return
		}
		if gotErr != nil || len(got) != len(all)-1 {
			t.Fatalf("%q: %d rows (%q), %v; encoding/csv has %d", text, len(got), got, gotErr, len(all)-1)
		}
		for i, row := range all[1:] {
			if want := strings.Join(row, "|"); got[i] != want {
				t.Fatalf("row %d: %q, want %q", i, got[i], want)
			}
		}
	})
}

// FuzzTime compares with schemas.ParseTime.
func FuzzTime(f *testing.F) {
	f.Add("2130-02-04 04:00:00")
	f.Add("2100-02-29")
	f.Fuzz(func(t *testing.T, s string) {
		got, ok := Time([]byte(s))
		if !ok {
			return
		}
		if want, err := schemas.ParseTime(s, time.UTC); err == nil && want != got {
			t.Fatalf("%q: %v, want %v", s, got, want)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	var text bytes.Buffer
	text.WriteString("row_id,subject_id,itemid,charttime,value,valuenum\n")
	for i := range 10000 {
		fmt.Fprintf(&text, "%d,40124,223761,2130-02-04 04:00:00,95.9,95.9\n", i)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		r, _ := NewReader("B", bytes.NewReader(text.Bytes()))
		for {
			row, err := r.Next()
			if err != nil {
				break
			}
			Time(row[3])
			Float(row[5])
		}
	}
}

func TestTablesInFolders(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "icu"), 0o755); err != nil {
		t.Fatal(err)
	}
	want := filepath.Join(dir, "icu", "Stays.csv")
	if err := os.WriteFile(want, []byte("a,b\n1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"icu/stays": want, "icu/none": "", "hosp/stays": "", "stays": ""} {
		if got, err := Find(dir, name); got != want || err != nil {
			t.Errorf("%s: found %q (%v), want %q", name, got, err, want)
		}
	}
	r, err := Open(dir, "icu/stays")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if at, err := r.Columns("b", "", "a"); err != nil || fmt.Sprint(at) != "[1 -1 0]" {
		t.Errorf("columns at %v (%v), want [1 -1 0]", at, err)
	}
	if _, err := Open(dir, "hosp/stays"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a table in a folder that is not there: %v", err)
	}
}
