package ecg

import (
	"fmt"
	"math"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// The invented unit's strips say the heart rate and the rhythm that the patient has;
// leads off and a moving patient, about one strip in fifty each way, are unusable.
func TestInventedStrips(t *testing.T) {
	for _, c := range []struct {
		rhythm    string
		rate      int
		irregular bool
	}{
		{"sinus", 45, false}, {"sinus", 74, false}, {"sinus", 130, false}, {"sinus", 180, false},
		{"af", 80, true}, {"af", 146, true}, {"vt", 150, false}, {"vt", 178, false}, {"vt", 220, false},
	} {
		pathway := fmt.Sprintf("leads: [II, V]\nphases: [{name: a, lasts: 40h, rhythm: %s, targets: {heart_rate: %d}, scatter: {heart_rate: 0}}]\n", c.rhythm, c.rate)
		unit, err := synth.New(synth.Config{Seed: 2, Beds: 2, Duration: 3 * time.Hour, Files: fstest.MapFS{"p.yaml": {Data: []byte(pathway)}}})
		if err != nil {
			t.Fatal(err)
		}
		broken, unusable, right, irregular, usable := 0, 0, 0, 0, 0
		for p, err := range unit.Patients(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			for i := range p.Events {
				s := p.Events[i].Strip
				if s == nil {
					continue
				}
				r := Analyse(s)
				if spoilt(s) {
					if broken++; r.State == schemas.Unusable {
						unusable++
					}
					continue
				}
				usable++
				if r.State != schemas.Present {
					continue
				}
				if math.Abs(float64(r.HeartRate)/float64(c.rate)-1) < map[bool]float64{false: 0.03, true: 0.2}[c.irregular] {
					right++
				}
				if r.Irregular {
					irregular++
				}
			}
		}
		share := float64(irregular) / float64(usable)
		t.Logf("%s at %d/min: %d strips, %d right, %.3f irregular; %d broken, %d unusable", c.rhythm, c.rate, usable, right, share, broken, unusable)
		if float64(right) < 0.98*float64(usable) || usable < 300 || unusable != broken {
			t.Errorf("%s at %d/min: %d of %d strips have the right rate; %d of %d broken ones are unusable", c.rhythm, c.rate, right, usable, unusable, broken)
		}
		if c.irregular && share < 0.9 || !c.irregular && share > 0.01 {
			t.Errorf("%s at %d/min: %.3f are called irregular", c.rhythm, c.rate, share)
		}
	}
}

// spoilt says whether a strip has its leads off, or noise of the invented unit's kind, in
// which neighbours are as far apart as any two samples.
func spoilt(s *schemas.Strip) bool {
	var steps, swing float64
	for i, v := range s.Samples[0] {
		swing += float64(v) * float64(v)
		if i > 0 {
			d := float64(v) - float64(s.Samples[0][i-1])
			steps += d * d
		}
	}
	return swing == 0 || steps > swing
}
