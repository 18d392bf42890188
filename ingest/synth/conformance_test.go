package synth

import (
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/source/sourcetest"
)

// A unit has no rows that could be damaged, and no order of reading but that of its beds.
func TestConforms(t *testing.T) {
	unit := func(seed uint64) func() (source.Source, error) {
		return func() (source.Source, error) { return New(Config{Seed: seed, Beds: 6, Duration: 2 * time.Hour}) }
	}
	sourcetest.Run(t, sourcetest.Subject{
		Open:    unit(1),
		Changed: func(string) (source.Source, error) { return unit(2)() },
		Held:    2 << 20, // one patient of six: a patient's two hours are some 1.5 MB
	})
}
