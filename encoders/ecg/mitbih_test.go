package ecg

import (
	"io"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/waveform"
	"github.com/vigil-icu/vigil/encoders/wfdb"
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

// mitbih reads the records.
func mitbih(t *testing.T) map[string]*record {
	t.Helper()
	files := opendata.Archive(t, filepath.Join(opendata.Dir(t), "wfdb", "mitdb.tar.gz"))
	headers, err := fs.Glob(files, "mitdb/*.hea")
	if err != nil || len(headers) < 16 {
		t.Fatalf("%d MIT-BIH records, want 16 (%v)", len(headers), err)
	}
	records := map[string]*record{}
	for _, header := range headers {
		name := strings.TrimSuffix(header, ".hea")
		records[filepath.Base(name)] = mitRecord(t, files, name)
	}
	return records
}

func mitRecord(t *testing.T, files fs.FS, name string) *record {
	t.Helper()
	rec := &record{}
	r, err := wfdb.Open(files, name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for c := (waveform.Chunk{}); ; {
		err := r.Next(&c, 1<<16)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i := range rec.leads {
			for _, v := range c.Samples[i] {
				rec.leads[i] = append(rec.leads[i], int16(max(v, math.MinInt16)))
			}
		}
	}
	list, err := wfdb.ReadAnnotations(files, name, "atr", mitRate)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range list {
		at := int(a.Sample)
		switch {
		case a.Symbol == "[":
			rec.flutter = append(rec.flutter, [2]int{at, math.MaxInt})
		case a.Symbol == "]":
			rec.flutter[len(rec.flutter)-1][1] = at
		case a.Symbol == "+" && strings.HasPrefix(a.Auxiliary, "("):
			rec.rhythms = append(rec.rhythms, rhythmChange{at, strings.Trim(a.Auxiliary, "( ")})
		case wfdb.IsBeat(a.Symbol):
			rec.beats = append(rec.beats, at)
		}
	}
	return rec
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
