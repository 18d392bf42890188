package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/physionet"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// PhysioNetChannels are the numeric channels of PhysioNet 2012 with the ranges in which a
// model reads them, in the order of the recipe: 10 vital signs, 5 of support, 22 of the
// lab.
func PhysioNetChannels() []vitals.Channel {
	channels := make([]vitals.Channel, len(physionetNames))
	for i, name := range physionetNames {
		id, ok := schemas.ChannelByName(name)
		if !ok {
			panic("train: the channel table has no " + name)
		}
		r := id.Info().Models
		channels[i] = vitals.Channel{ID: id, Low: r.Low, High: r.High, Scale: 1}
	}
	return channels
}

// physionetNames are the channels of the recipe physionet2012, in its order.
var physionetNames = [...]string{
	"heart_rate", "mean_arterial", "systolic_arterial", "diastolic_arterial",
	"systolic_cuff", "diastolic_cuff", "mean_cuff", "temperature",
	"respiratory_rate", "arterial_saturation",
	"urine_output", "gcs_total", "fio2", "ventilated", "weight",
	"ph", "paco2", "pao2", "hematocrit", "potassium", "platelets",
	"creatinine", "urea_nitrogen", "bicarbonate", "magnesium", "sodium",
	"glucose", "wbc", "lactate", "bilirubin", "ast", "alt",
	"alkaline_phosphatase", "albumin", "troponin_t", "troponin_i", "cholesterol",
}

// physionetLabels are what the outcomes of PhysioNet 2012 say of a stay, by the name of
// the task: binary ones are 0 or 1, the others near mean 0 and deviation 1. NaN is not
// known.
var physionetLabels = map[string]func(*physionet.Outcome) float32{
	"mortality": func(o *physionet.Outcome) float32 {
		if o.Died {
			return 1
		}
		return 0
	},
	"saps_i": func(o *physionet.Outcome) float32 { return (o.SAPSI - 14) / 5 },
	"sofa":   func(o *physionet.Outcome) float32 { return (o.SOFA - 6.5) / 4 },
	"log_hospital_days": func(o *physionet.Outcome) float32 {
		return float32((math.Log1p(float64(o.LengthOfStay)) - 2.3) / 0.7)
	},
	"dead_7_days":   func(o *physionet.Outcome) float32 { return o.DiedWithin(7) },
	"dead_30_days":  func(o *physionet.Outcome) float32 { return o.DiedWithin(30) },
	"dead_90_days":  func(o *physionet.Outcome) float32 { return o.DiedWithin(90) },
	"dead_365_days": func(o *physionet.Outcome) float32 { return o.DiedWithin(365) },
}

// PhysioNetLabels makes, for tasks by name, the function from the outcome of a stay to
// their labels [tasks], NaN where one is not known. A task without labels is an error.
func PhysioNetLabels(tasks []string) (func(*physionet.Outcome) []float32, error) {
	list := make([]func(*physionet.Outcome) float32, len(tasks))
	for i, name := range tasks {
		var ok bool
		if list[i], ok = physionetLabels[name]; !ok {
			var names []string
			for n := range physionetLabels {
				names = append(names, n)
			}
			return nil, fmt.Errorf("PhysioNet 2012 has no labels for a task %q; the nearest is %q", name, nearest(name, names))
		}
	}
	return func(o *physionet.Outcome) []float32 {
		labels := make([]float32, len(list))
		for i, of := range list {
			labels[i] = of(o)
		}
		return labels
	}, nil
}

// The tasks of the paper on MIMIC-IV, beside the phenotypes, whose tasks bear their names.
const (
	// taskMortality is 48-IHM: death in hospital, told at hour 48.
	taskMortality = "mortality"
	// taskShortStay is LOS: the stay ends before 96 h and the patient does not die in
	// hospital, told at hour 48.
	taskShortStay = "short_stay"
)

// paperHour is when the paper tells mortality and length of stay.
const paperHour = 48 * schemas.Hour

// mimicLabels makes the labels of the paper's tasks: those of hour 48 for the stays that
// last as long and whose patients live as long, the phenotypes at the end of every stay whose
// admission has diagnoses. A label at another moment is not known, so that one network learns
// all.
func mimicLabels(tasks []string) (func(*mimic.Outcome, source.Stay, schemas.Time) []float32, error) {
	phenotypes := make([]int, len(tasks))
	for i, name := range tasks {
		phenotypes[i] = slices.Index(schemas.Phenotypes[:], name)
		if phenotypes[i] < 0 && name != taskMortality && name != taskShortStay {
			names := append([]string{taskMortality, taskShortStay}, schemas.Phenotypes[:]...)
			return nil, fmt.Errorf("MIMIC has no labels for a task %q; the nearest is %q", name, nearest(name, names))
		}
	}
	return func(o *mimic.Outcome, stay source.Stay, asOf schemas.Time) []float32 {
		labels := make([]float32, len(tasks))
		for i, name := range tasks {
			known, yes := asOf == stay.Admit+paperHour && !o.DeadBefore(asOf), o.Died
			switch {
			case phenotypes[i] >= 0:
				known, yes = asOf == stay.End && o.Coded, o.Phenotypes[max(phenotypes[i], 0)]
			case name == taskShortStay:
				yes = !o.Died && o.Length < 2*paperHour
			}
			switch {
			case !known:
				labels[i] = float32(math.NaN())
			case yes:
				labels[i] = 1
			}
		}
		return labels
	}, nil
}
