package train

import (
	"context"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/schemas"
)

// inventedSeed is that of the invented stays: all recipes have the same, so that models of several
// seeds of training can be compared.
const inventedSeed = 13

// inventedLabels refuses tasks that invented stays have no labels for.
func inventedLabels(tasks []string) error {
	if !slices.Equal(tasks, []string{"mortality"}) {
		return fmt.Errorf("invented stays have labels for the task mortality alone, found %v", tasks)
	}
	return nil
}

// loadInvented makes the examples of invented stays.
func (r *Recipe) loadInvented(ctx context.Context, path string, paths *Paths) (*Set, error) {
	invented, err := synth.NewCohort(synth.CohortConfig{Seed: inventedSeed, Stays: r.Data.Stays})
	if err != nil {
		return nil, fmt.Errorf("data.stays: %w", err)
	}
	cohort, err := r.cohort()
	if err != nil {
		return nil, err
	}
	cohort.Progress = paths.reading(path, invented.Stays())
	cohort.Labels = func(_ string, stay source.Stay, _ schemas.Time) []float32 {
		if t, _ := invented.Truth(stay.ID); t.Died {
			return []float32{1}
		}
		return []float32{0}
	}
	s, err := Load(ctx, invented, cohort)
	if err != nil {
		return nil, err
	}
	s.ideal = func(stay string, modalities []string) float64 {
		var known [synth.NumParts]bool
		for part, name := range synth.PartNames {
			known[part] = slices.Contains(modalities, name)
		}
		t, _ := invented.Truth(stay)
		return t.Ideal(known)
	}
	return s, nil
}
