package training

import (
	"testing"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/encoders/ecg/annotated"
)

// invented recordings, in which an early beat is of the ventricles.
func invented() (list []*Recording) {
	for _, name := range []string{"201", "202", "300", "301"} {
		r := &Recording{Name: name, Patient: name}
		if first, ok := patients[name]; ok {
			r.Patient = first
		}
		for i := range 60 {
			var s Strip
			s.Features.Beats = []int{1, 2, 3, 4}
			var lead [][]float32
			for k := range s.Features.Beats {
				row := make([]float32, len(ecg.BeatFeatures))
				row[0], row[1] = 1, float32(i%7)
				class := Other
				if i%3 == 0 && k == 2 {
					row[0], class = 0.5, Ventricular
					s.Truth.Ventricular = true
				}
				lead, s.Classes = append(lead, row), append(s.Classes, class)
			}
			s.Features.Leads = [][][]float32{lead}
			s.Features.Strip = make([]float32, len(ecg.StripFeatures))
			r.Strips = append(r.Strips, s)
		}
		list = append(list, r)
	}
	return list
}

// A strip is judged by a classifier that has not seen its patient, each strip once.
func TestCrossJudgesEveryStripByOtherPatients(t *testing.T) {
	folds := 0
	judged, err := Cross(invented(), 3, false, func(int) error { folds++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if folds != 3 || len(judged) != 240 {
		t.Fatalf("%d folds, %d strips, want 3 and 240", folds, len(judged))
	}
	for _, j := range judged {
		if (j.Findings.Ventricular > 0.5) != j.Truth.Ventricular {
			t.Fatalf("record %s: %v, want %v", j.Record, j.Findings.Ventricular, j.Truth.Ventricular)
		}
	}
	// 201 and 202 are one patient, so that there are three.
	if _, err := Cross(invented(), 4, false, func(int) error { return nil }); err == nil {
		t.Error("four folds of three patients: no error")
	}
}

// The classes of beats are those of ANSI/AAMI EC57.
func TestClassesOfBeats(t *testing.T) {
	for symbols, want := range map[string]Class{"VEr": Ventricular, "AaJS": Supraventricular, "NLRejF/fQ": Other} {
		for _, s := range symbols {
			if got := classOf(string(s)); got != want {
				t.Errorf("%c is of class %d, want %d", s, got, want)
			}
		}
	}
	if classOf("") != None || annotated.IsVentricular("N") {
		t.Error("a beat that nobody annotated has a class")
	}
}
