package ecg

import (
	"compress/gzip"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// Real monitors in intensive care, 125 Hz: the heart rate that the monitor itself
// showed, from all ECG leads that it stored.
func TestMonitorsOfBIDMC(t *testing.T) {
	dir := filepath.Join(opendata.Dir(t), "wfdb", "bidmc")
	files, err := filepath.Glob(filepath.Join(dir, "*_Signals.csv.gz"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%d BIDMC recordings (%v), want 20", len(files), err)
	}
	const rate, seconds = 125, 10
	var a Analyser
	strips, usable, near := 0, 0, 0
	for k, file := range files {
		if k%4 > 0 && testing.Short() {
			continue
		}
		var shown []float64
		opendata.EachRow(t, strings.Replace(file, "_Signals", "_Numerics", 1), func(row func(string) string) {
			v, err := strconv.ParseFloat(strings.TrimSpace(row(" hr")), 64)
			if err != nil {
				v = math.NaN()
			}
			shown = append(shown, v)
		})
		leads := bidmcLeads(t, file)
		for from := 0; from+seconds*rate <= len(leads[0]) && (from/rate+seconds) <= len(shown); from += seconds * rate {
			s := schemas.Strip{RateHz: rate, Gain: 0.001}
			for _, lead := range leads {
				s.Samples = append(s.Samples, lead[from:from+seconds*rate])
			}
			want := slices.Clone(shown[from/rate : from/rate+seconds])
			slices.Sort(want) // NaN first
			if math.IsNaN(want[0]) || want[0] == 0 {
				continue
			}
			strips++
			r := a.Analyse(&s)
			if r.State != schemas.Present {
				continue
			}
			usable++
			if v := float64(r.HeartRate); v >= want[0]-5 && v <= want[seconds-1]+5 {
				near++
			}
		}
	}
	share := float64(near) / float64(usable)
	t.Logf("%d strips, %d usable, %.4f of these within 5/min of what the monitor showed", strips, usable, share)
	if float64(usable) < 0.97*float64(strips) || share < 0.98 {
		t.Errorf("%d of %d strips usable, %.4f of these right, want 0.97 and 0.98", usable, strips, share)
	}
}

// bidmcLeads reads the ECG leads that there are, in units of 1/1000.
func bidmcLeads(t *testing.T, file string) [][]int16 {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	var columns []int
	var leads [][]int16
	for line := range strings.Lines(string(b)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		if columns == nil {
			for i, name := range fields {
				if slices.Contains([]string{"I", "II", "III", "V", "AVR", "MCL"}, strings.TrimSpace(name)) {
					columns = append(columns, i)
				}
			}
			leads = make([][]int16, len(columns))
			continue
		}
		for k, i := range columns {
			v, err := strconv.ParseFloat(strings.TrimSpace(fields[i]), 64)
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			leads[k] = append(leads[k], int16(math.Round(1000*v)))
		}
	}
	return leads
}
