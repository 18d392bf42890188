package ecg

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// records212 reads the two leads of each MIT-BIH record: format 212, two 12-bit
// samples in three bytes.
func records212(t *testing.T, path string) map[string][2][]int16 {
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
	out := map[string][2][]int16{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return out
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
		var leads [2][]int16
		for ; len(b) >= 3; b = b[3:] {
			leads[0] = append(leads[0], int16(uint16(b[0])|uint16(b[1]&0x0f)<<8)<<4>>4)
			leads[1] = append(leads[1], int16(uint16(b[2])|uint16(b[1]&0xf0)<<4)<<4>>4)
		}
		out[strings.TrimSuffix(filepath.Base(h.Name), ".dat")] = leads
	}
}

func beats(t *testing.T, path string) map[string][]int {
	t.Helper()
	out := map[string][]int{}
	opendata.EachRow(t, path, func(row func(string) string) {
		if symbol := row("symbol"); len(symbol) == 1 && strings.Contains("NLRBAaJSVrFejnE/fQ", symbol) {
			at, _ := strconv.Atoi(row("sample"))
			out[row("record")] = append(out[row("record")], at)
		}
	})
	return out
}

// Against the annotations of the MIT-BIH records, first lead, 150 ms, the first 5
// minutes left out as ANSI/AAMI EC57 has it for learning.
func TestBeatsOfMITBIH(t *testing.T) {
	dir := filepath.Join(opendata.Dir(t), "wfdb")
	truth := beats(t, filepath.Join(dir, "mitdb-annotations.csv.gz"))
	var hits, found, wanted int
	for name, leads := range records212(t, filepath.Join(dir, "mitdb.tar.gz")) {
		got, _ := Detect(leads[0], 360)
		h, f, w := match(got, truth[name], 300*360, 54)
		t.Logf("record %s: sensitivity %.4f, positive predictivity %.4f", name, float64(h)/float64(w), float64(h)/float64(f))
		hits, found, wanted = hits+h, found+f, wanted+w
	}
	se, pp := float64(hits)/float64(wanted), float64(hits)/float64(found)
	t.Logf("16 records: %d beats, sensitivity %.4f, positive predictivity %.4f", wanted, se, pp)
	if se < 0.97 || pp < 0.97 {
		t.Errorf("sensitivity %.4f, positive predictivity %.4f, want 0.97", se, pp)
	}
}

func match(got, want []int, from, reach int) (hits, found, wanted int) {
	i := 0
	for _, w := range want {
		if w < from {
			continue
		}
		wanted++
		for i < len(got) && got[i] < w-reach {
			i++
		}
		if i < len(got) && got[i] <= w+reach {
			hits++
			i++
		}
	}
	for _, g := range got {
		if g >= from {
			found++
		}
	}
	return hits, found, wanted
}

// comb is a line with a narrow spike every interval seconds.
func comb(seconds, rate, interval float64, height int16) []int16 {
	out := make([]int16, int(seconds*rate))
	for i := range out {
		phase := math.Mod(float64(i)/rate, interval) - interval/2
		out[i] = int16(float64(height)*math.Exp(-phase*phase/(2*0.012*0.012)) + 10*math.Sin(float64(i)/17))
	}
	return out
}

func TestHeartRates(t *testing.T) {
	for _, rate := range []float64{100, 250, 500} {
		for _, bpm := range []float64{32, 60, 93, 150, 210} {
			r := Analyse(&schemas.Strip{RateHz: rate, Gain: 0.005, Leads: []string{"II"}, Samples: [][]int16{comb(10, rate, 60/bpm, 200)}})
			if r.State != schemas.Present || math.Abs(float64(r.HeartRate)-bpm) > 0.03*bpm || r.Irregular {
				t.Errorf("%v/min at %v Hz: %+v", bpm, rate, r)
			}
		}
	}
}

func TestUnusableStrips(t *testing.T) {
	noise := make([]int16, 2500)
	x := uint32(7)
	for i := range noise {
		x = x*1664525 + 1013904223
		noise[i] = int16(x>>20) - 2048
	}
	clipped := make([]int16, 2500)
	for i := range clipped {
		clipped[i] = 2047
		if i%500 < 100 {
			clipped[i] = -2048
		}
	}
	for name, samples := range map[string][]int16{
		"flat": make([]int16, 2500), "short": comb(1.5, 250, 1, 200), "one sample": {1}, "none": {}, "noise": noise, "clipped": clipped,
	} {
		if r := Analyse(&schemas.Strip{RateHz: 250, Samples: [][]int16{samples}, Leads: []string{"II"}}); r.State != schemas.Unusable {
			t.Errorf("%s: %s with quality %v and %d beats", name, r.State, r.Quality, len(r.Beats))
		}
	}
	good := Analyse(&schemas.Strip{RateHz: 250, Samples: [][]int16{make([]int16, 2500), comb(10, 250, 0.8, 200)}, Leads: []string{"I", "II"}})
	if good.State != schemas.Present || good.Lead != 1 {
		t.Errorf("a flat lead beside a good one: %+v", good)
	}
}

func FuzzAnalyse(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4}, 250.0)
	f.Fuzz(func(t *testing.T, b []byte, rate float64) {
		samples := make([]int16, len(b))
		for i := range b {
			samples[i] = int16(b[i]) << 7
		}
		r := Analyse(&schemas.Strip{RateHz: rate, Samples: [][]int16{samples}, Leads: []string{"II"}})
		if math.IsNaN(float64(r.HeartRate)) || !(r.Quality >= 0 && r.Quality <= 1) {
			t.Fatalf("%+v", r)
		}
	})
}

func BenchmarkAnalyse(b *testing.B) {
	s := &schemas.Strip{RateHz: 250, Samples: [][]int16{comb(10, 250, 0.8, 200)}, Leads: []string{"II"}}
	for b.Loop() {
		Analyse(s)
	}
}
