package annotated

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// made is a record of 30 s at 250 Hz: a breath, and an ECG with two samples a frame whose beats
// are a second apart, of which every fifth is annotated V and the rest N.
func made(extra ...uint16) fstest.MapFS {
	var data, marks []byte
	word := func(b []byte, v ...uint16) []byte {
		for _, x := range v {
			b = binary.LittleEndian.AppendUint16(b, x)
		}
		return b
	}
	for i := range 30 * 250 {
		x := math.Mod(float64(i)/250, 1) - 0.5
		v := uint16(int16(300 * math.Exp(-x*x/(2*0.012*0.012))))
		data = word(data, 7, v, v)
	}
	at := 0
	for k := range 30 {
		beat, code := k*250+125, uint16(1)
		if k%5 == 0 {
			code = 5
		}
		marks = word(marks, code<<10|uint16(beat-at))
		at = beat
	}
	marks = word(marks, append(extra, 0)...)
	return fstest.MapFS{
		"a/r.hea":    {Data: []byte("r 2 250 7500\nr.dat 16 100 16 0 0 0 0 RESP\nr.dat 16x2 200 16 0 0 0 0 MLII\n")},
		"a/r.dat":    {Data: data},
		"a/r.atr":    {Data: marks},
		"b/bare.hea": {Data: []byte("bare 0\n")},
	}
}

func TestFindLooksBelowAndTellsWhatHasNoAnnotations(t *testing.T) {
	records, bare, err := Find(made())
	if err != nil || !slices.Equal(records, []string{"a/r"}) || !slices.Equal(bare, []string{"b/bare"}) {
		t.Errorf("%v, %v, %v", records, bare, err)
	}
}

// The ECG is chosen by its unit and name, annotations are in its samples, and strips and blocks
// find its beats.
func TestStripsAndBeatsOfARecord(t *testing.T) {
	r, err := Open(made(), "a/r")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Rate != 500 || r.Samples != 15000 || !slices.Equal(r.Leads, []string{"MLII"}) || r.Beats[1].At != 750 {
		t.Fatalf("%v Hz, %d samples of %v, second beat at %d", r.Rate, r.Samples, r.Leads, r.Beats[1].At)
	}
	d, err := Detect(r, new(ecg.Witnessed))
	if err != nil || d != (Detection{30, 30, 30}) {
		t.Errorf("%+v, %v", d, err)
	}
	strips := 0
	err = r.EachStrip(func(s *Strip) error {
		if len(s.Samples) != 1 || len(s.Samples[0]) != 5000 || s.Gain != 0.005 || len(s.Truth.Beats) != 10 || !s.Truth.Ventricular || s.Truth.Supraventricular {
			t.Errorf("strip at %d: %d samples, gain %v, %+v", s.From, len(s.Samples[0]), s.Gain, s.Truth)
		}
		if got := s.Truth.Nearest(s.From+250+60, 500); got != "V" {
			t.Errorf("nearest beat %q, want V", got)
		}
		if got := s.Truth.Nearest(s.From+250+76, 500); got != "" {
			t.Errorf("a beat %q farther away than 150 ms", got)
		}
		strips++
		return nil
	})
	if err != nil || strips != 3 {
		t.Errorf("%d strips, %v", strips, err)
	}
}

// A beat counts once, and within ventricular flutter nothing counts.
func TestWhatCountsAsFound(t *testing.T) {
	r := &Recording{Rate: 100, Samples: 10000, Beats: []Beat{{100, "N"}, {200, "N"}, {300, "N"}, {1000, "N"}}, Flutter: []Stretch{{900, 1100}}}
	for _, tt := range []struct {
		found []int64
		want  Detection
	}{
		{[]int64{100, 200, 300}, Detection{3, 3, 3}},
		{[]int64{85, 215, 316}, Detection{3, 3, 2}},
		{[]int64{95, 105, 200}, Detection{3, 3, 2}},
		{[]int64{100, 950, 1000}, Detection{3, 1, 1}},
	} {
		if got := r.compare(tt.found); got != tt.want {
			t.Errorf("%v: %+v, want %+v", tt.found, got, tt.want)
		}
	}
}

// Fibrillation of half a strip is one, and flutter of the ventricles is of the ventricles.
func TestTruthOfRhythms(t *testing.T) {
	r := &Recording{Rate: 100, Samples: 4000, rhythms: []change{{0, "N"}, {500, "AFIB"}, {1600, "AFL"}, {2400, "N"}}, Flutter: []Stretch{{3500, 3600}}}
	var got []string
	for from := int64(0); from < 4000; from += 1000 {
		tr := r.Truth(from, 1000)
		got = append(got, fmt.Sprint(tr.Fibrillation, tr.Ventricular))
	}
	if want := []string{"true false", "true false", "false false", "false true"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A record without an ECG says what it has instead.
func TestRecordsWithoutECGAreRefused(t *testing.T) {
	for want, header := range map[string]string{
		"ABP in mmHg": "r 1 250 1\nr.dat 16 100/mmHg 16 0 0 0 0 ABP\n",
		"at 10 Hz":    "r 1 10 1\nr.dat 16 100 16 0 0 0 0 II\n",
	} {
		files := fstest.MapFS{"r.hea": {Data: []byte(header)}, "r.dat": {Data: []byte("12")}, "r.atr": {Data: []byte("\x00\x00")}}
		if _, err := Open(fs.FS(files), "r"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// A DICOM waveform with annotations beside it is a record: its heart beats about once a second, and
// the annotations, put where a person would, are found.
func TestDICOMWaveformWithAnnotationsIsARecord(t *testing.T) {
	b, err := os.ReadFile(filepath.Join(opendata.Dir(t), "dicom", "waveform_ecg.dcm"))
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{"ecg.dcm": {Data: b}, "ecg.atr": {Data: []byte("\x00\x00")}, "film.dcm": {Data: []byte("x")}}
	records, bare, err := Find(files)
	if err != nil || !slices.Equal(records, []string{"ecg.dcm"}) || len(bare) != 0 {
		t.Fatalf("%v, %v, %v", records, bare, err)
	}
	r, err := Open(files, "ecg.dcm")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Name != "ecg" || r.Rate != 1000 || r.Samples != 10000 || len(r.Leads) != 12 {
		t.Errorf("%s: %v Hz, %d samples of %v", r.Name, r.Rate, r.Samples, r.Leads)
	}
	s, err := r.Strip(0, 10000)
	if err != nil || s.Gain != 0.00125 || len(s.Samples[11]) != 10000 {
		t.Fatalf("gain %v, %d samples, %v", s.Gain, len(s.Samples[11]), err)
	}
	d, err := Detect(r, new(ecg.Witnessed))
	if err != nil || d.Found < 7 || d.Found > 20 {
		t.Errorf("%+v, %v", d, err)
	}
}
