package training

import (
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/encoders/ecg/annotated"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// On the open records beats are found, and findings hold on patients that were not fitted to.
func TestFindingsOnOtherPatients(t *testing.T) {
	files := mitbih(t)
	names, _, err := annotated.Find(files)
	if err != nil || len(names) < 16 {
		t.Fatalf("%d records, want 16 (%v)", len(names), err)
	}
	var recordings []*Recording
	var beats annotated.Detection
	var detector ecg.Witnessed
	for _, name := range names {
		r, err := annotated.Open(files, name)
		if err != nil {
			t.Fatal(err)
		}
		d, err := annotated.Detect(r, &detector)
		if err != nil {
			t.Fatal(err)
		}
		beats.Add(d)
		rec, err := Read(r)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		recordings = append(recordings, rec)
	}
	t.Logf("%d beats, sensitivity %.4f, predictivity %.4f", beats.Beats, beats.Sensitivity(), beats.Predictivity())
	if beats.Beats != 35887 || beats.Sensitivity() < 0.997 || beats.Predictivity() < 0.994 {
		t.Errorf("%d beats, sensitivity %.4f, predictivity %.4f, want 35887, 0.997 and 0.994", beats.Beats, beats.Sensitivity(), beats.Predictivity())
	}
	judged, err := Cross(recordings, 5, false, func(int) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, question := range []struct {
		name   string
		want   float64
		answer func(Judged) (float64, bool)
	}{
		{"ventricular ectopy", 0.98, func(j Judged) (float64, bool) { return j.Findings.Ventricular, j.Truth.Ventricular }},
		{"supraventricular ectopy", 0.82, func(j Judged) (float64, bool) { return j.Findings.Supraventricular, j.Truth.Supraventricular }},
		{"fibrillation", 0.88, func(j Judged) (float64, bool) { return j.Findings.Fibrillation, j.Truth.Fibrillation }},
	} {
		got := area(judged, question.answer)
		t.Logf("%s: area under the curve %.4f", question.name, got)
		if got < question.want {
			t.Errorf("%s: area under the curve %.4f, want %v", question.name, got, question.want)
		}
	}
}

// area is the share of pairs of a strip that shows it and one that does not, of which the first
// is found likelier.
func area(judged []Judged, answer func(Judged) (float64, bool)) float64 {
	var right, pairs float64
	for _, j := range judged {
		p, yes := answer(j)
		if !yes {
			continue
		}
		for _, o := range judged {
			q, other := answer(o)
			if other {
				continue
			}
			pairs++
			switch {
			case p > q:
				right++
			case p == q:
				right += 0.5
			}
		}
	}
	return right / pairs
}

// mitbih unpacks the records into memory.
func mitbih(t *testing.T) fs.FS {
	t.Helper()
	return opendata.Archive(t, filepath.Join(opendata.Dir(t), "wfdb", "mitdb.tar.gz"))
}
