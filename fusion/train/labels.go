package train

import (
	"fmt"
	"math"

	"github.com/vigil-icu/vigil/ingest/physionet"
)

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

// PhysioNetLabels makes the labels of tasks, by name, from the outcome of a stay.
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
