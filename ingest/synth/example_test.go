package synth_test

import (
	"context"
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/ingest/synth"
)

// Two beds for an hour; the same seed gives the same patients.
func ExampleNew() {
	unit, err := synth.New(synth.Config{Seed: 1, Beds: 2, Duration: time.Hour})
	if err != nil {
		fmt.Println(err)
		return
	}
	for p, err := range unit.Patients(context.Background()) {
		fmt.Println(p.ID, p.Stays[0].ID, len(p.Events) > 300, err)
	}
	// Output:
	// synth:0001 synth-0001-1 true <nil>
	// synth:0002 synth-0002-1 true <nil>
}
