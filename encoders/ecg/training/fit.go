package training

import (
	"errors"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/encoders/boost"
	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/encoders/ecg/annotated"
	"github.com/vigil-icu/vigil/encoders/ecg/classifier"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Recording is what is learned from one recording.
type Recording struct {
	Name    string
	Patient string
	Strips  []Strip
}

// Strip is one strip, its features and the truth about it and its beats.
type Strip struct {
	Features ecg.Features
	Truth    annotated.Truth
	Classes  []Class // of each beat of the features

	waves []wave // of each lead
	peaks []int  // of each beat, in samples of the waves
}

// Class is what a beat is that a detector found.
type Class uint8

// Classes of beats. None is where nobody annotated a beat.
const (
	None Class = iota
	Other
	Ventricular
	Supraventricular
)

// patients are those of whom the MIT-BIH database has two records: the second, and the first.
var patients = map[string]string{"202": "201"}

// Read takes all strips of a recording.
func Read(r *annotated.Recording) (*Recording, error) {
	rec := &Recording{Name: r.Name, Patient: r.Name}
	if first, ok := patients[r.Name]; ok {
		rec.Patient = first
	}
	var featurer ecg.Featurer
	err := r.EachStrip(func(s *annotated.Strip) error {
		f := *featurer.Read(s.Strip)
		f.Leads = slices.Clone(f.Leads) // the featurer uses its own again
		strip := Strip{Features: f, Truth: s.Truth}
		strip.waves, strip.peaks = waves(s.Strip, f.Beats)
		for _, beat := range f.Beats {
			strip.Classes = append(strip.Classes, classOf(s.Truth.Nearest(s.From+int64(beat), r.Rate)))
		}
		rec.Strips = append(rec.Strips, strip)
		return nil
	})
	return rec, err
}

func classOf(symbol string) Class {
	switch {
	case symbol == "":
		return None
	case annotated.IsVentricular(symbol):
		return Ventricular
	case annotated.IsSupraventricular(symbol):
		return Supraventricular
	}
	return Other
}

// attribution goes with the weights wherever they go.
const attribution = "Contains information from the MIT-BIH Arrhythmia Database (https://doi.org/10.13026/C2F305), which is made available under the ODC Attribution License (https://opendatacommons.org/licenses/by/1-0/)."

// settings were chosen by Cross, of eight, on 16 records.
var settings = boost.Settings{Trees: 120, Depth: 4, Rate: 0.08, Smallest: 1, Ridge: 2, Rows: 0.5, Columns: 0.4, Seed: 1}

// thin is how many other beats one stands for: most beats are alike.
const thin = 4

// enough is how much the beats of the class that is looked for weigh in one recording at most, and
// those of another class: no patient is to rule, of whom there are hundreds.
const enough, enoughOthers = 200, 400

// Fit fits a classifier.
func Fit(recordings []*Recording) *classifier.Classifier {
	c := &classifier.Classifier{Version: classifier.Version, Attribution: attribution}
	for _, r := range recordings {
		c.Records = append(c.Records, r.Name)
	}
	c.Ventricular = fitBeats(recordings, Ventricular)
	c.Supraventricular = fitBeats(recordings, Supraventricular)
	var rows [][]float32
	var answers []bool
	var weights []float64
	for _, r := range recordings {
		for _, s := range r.Strips {
			if len(s.Features.Strip) > 0 {
				rows, answers, weights = append(rows, s.Features.Strip), append(answers, s.Truth.Fibrillation), append(weights, 1)
			}
		}
	}
	shallow := settings
	shallow.Depth = 3
	c.Fibrillation = boost.Fit(ecg.StripFeatures, rows, answers, weights, shallow)
	return c
}

func fitBeats(recordings []*Recording, class Class) *boost.Ensemble {
	var rows [][]float32
	var answers []bool
	var weights []float64
	for _, r := range recordings {
		var count [Supraventricular + 1]float64
		for _, s := range r.Strips {
			for _, found := range s.Classes {
				count[found]++
			}
		}
		n := 0
		for _, s := range r.Strips {
			for k, found := range s.Classes {
				weight := 1.0
				switch {
				case found == Other:
					if n++; n%thin != 0 {
						continue
					}
					weight = thin
				case found == class:
					weight = min(1, enough/count[found])
				case found != None:
					weight = min(1, enoughOthers/count[found])
				}
				for _, lead := range s.Features.Leads {
					rows, answers, weights = append(rows, lead[k]), append(answers, found == class), append(weights, weight)
				}
			}
		}
	}
	return boost.Fit(ecg.BeatFeatures, rows, answers, weights, settings)
}

// Judged is a strip, and what a classifier said of it that has not seen its patient.
type Judged struct {
	Record, Patient string
	Findings        classifier.Findings
	// Network is what a network says of the beats, Both what it and the classifier say in the
	// mean, if networks were asked for; of fibrillation they say what the classifier does.
	Network, Both classifier.Findings
	Truth         annotated.Truth
}

// Cross fits as many classifiers as there are folds, each without the patients of one, and reads
// these patients' strips; with networks, a network of the beats beside each. told is called before
// each fit.
func Cross(recordings []*Recording, folds int, networks bool, told func(fold int) error) ([]Judged, error) {
	var names []string
	for _, r := range recordings {
		if !slices.Contains(names, r.Patient) {
			names = append(names, r.Patient)
		}
	}
	slices.Sort(names)
	if folds < 2 || len(names) < folds {
		return nil, fmt.Errorf("%d patients in %d folds, want at least 2 folds and a patient in each", len(names), folds)
	}
	var judged []Judged
	for fold := range folds {
		if err := told(fold); err != nil {
			return nil, err
		}
		var in, out []*Recording
		for _, r := range recordings {
			if slices.Index(names, r.Patient)%folds == fold {
				out = append(out, r)
			} else {
				in = append(in, r)
			}
		}
		c := Fit(in)
		var n *network
		var tape *nn.Tape[float32]
		if networks {
			if n = fitNetwork(in, settings.Seed+uint64(fold)); n == nil {
				return nil, errors.New("no beat of the records is annotated, a network has nothing to learn from")
			}
			tape = nn.NewTape(&n.params, false)
		}
		for _, r := range out {
			for i := range r.Strips {
				s := &r.Strips[i]
				j := Judged{Record: r.Name, Patient: r.Patient, Findings: c.Read(&s.Features), Truth: s.Truth}
				if n != nil {
					j.Network, j.Both = n.judge(tape, c, s, j.Findings)
				}
				judged = append(judged, j)
			}
		}
	}
	return judged, nil
}
