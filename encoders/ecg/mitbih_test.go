package ecg

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

const mitRate = 360

// record is one MIT-BIH record: two leads and what two cardiologists saw in it.
type record struct {
	leads   [2][]int16
	beats   []int    // samples
	flutter [][2]int // ventricular flutter: no beats to be found there
	rhythms []rhythmChange
}

type rhythmChange struct {
	at   int
	name string // N, AFIB, …
}

// mitbih reads the records: format 212, two 12-bit samples in three bytes.
func mitbih(t *testing.T) map[string]*record {
	t.Helper()
	dir := filepath.Join(opendata.Dir(t), "wfdb")
	f, err := os.Open(filepath.Join(dir, "mitdb.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	records := map[string]*record{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(h.Name, ".dat") {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		rec := &record{}
		for ; len(b) >= 3; b = b[3:] {
			rec.leads[0] = append(rec.leads[0], int16(uint16(b[0])|uint16(b[1]&0x0f)<<8)<<4>>4)
			rec.leads[1] = append(rec.leads[1], int16(uint16(b[2])|uint16(b[1]&0xf0)<<4)<<4>>4)
		}
		records[strings.TrimSuffix(filepath.Base(h.Name), ".dat")] = rec
	}
	opendata.EachRow(t, filepath.Join(dir, "mitdb-annotations.csv.gz"), func(row func(string) string) {
		at, err := strconv.Atoi(row("sample"))
		if err != nil {
			t.Fatal(err)
		}
		rec := records[row("record")]
		switch symbol := row("symbol"); {
		case symbol == "[":
			rec.flutter = append(rec.flutter, [2]int{at, math.MaxInt})
		case symbol == "]":
			rec.flutter[len(rec.flutter)-1][1] = at
		case symbol == "+" && strings.HasPrefix(row("aux"), "("):
			rec.rhythms = append(rec.rhythms, rhythmChange{at, strings.Trim(row("aux"), "(\x00 ")})
		case len(symbol) == 1 && strings.Contains("NLRBAaJSVrFejnE/fQ", symbol):
			rec.beats = append(rec.beats, at)
		}
	})
	if len(records) < 16 {
		t.Fatalf("%d MIT-BIH records, want 16", len(records))
	}
	return records
}

// counted leaves out what lies in ventricular flutter, as ANSI/AAMI EC57 has it.
func (r *record) counted(beats []int) []int {
	return slices.DeleteFunc(slices.Clone(beats), func(at int) bool {
		return slices.ContainsFunc(r.flutter, func(f [2]int) bool { return at >= f[0]-reach && at <= f[1]+reach })
	})
}

const reach = 54 // 150 ms

func match(got, want []int) (hits int) {
	i := 0
	for _, w := range want {
		for i < len(got) && got[i] < w-reach {
			i++
		}
		if i < len(got) && got[i] <= w+reach {
			hits++
			i++
		}
	}
	return hits
}
