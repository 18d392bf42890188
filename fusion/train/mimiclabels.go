package train

import (
	"fmt"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// The tasks of the paper on MIMIC-IV, beside the phenotypes, whose tasks bear their names.
const (
	taskMortality = "mortality"  // 48-IHM: death in hospital, told at hour 48
	taskShortStay = "short_stay" // LOS: the stay ends before 96 h and the patient does not die in hospital, told at hour 48
)

// paperHour is when the paper tells mortality and length of stay.
const paperHour = 48 * schemas.Hour

// mimicLabels makes the labels of the paper's tasks: those of hour 48 for the stays that
// last as long, the phenotypes at the end of every stay whose admission has diagnoses. A
// label at another moment is not known, so that one network learns all.
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
			known, yes := asOf == stay.Admit+paperHour, o.Died
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
