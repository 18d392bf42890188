package mimicfolder_test

import (
	"context"
	"fmt"
	"os"

	"github.com/vigil-icu/vigil/ingest/mimic"
	"github.com/vigil-icu/vigil/ingest/synth"
	"github.com/vigil-icu/vigil/ingest/synth/mimicfolder"
)

// Two invented patients as a folder of MIMIC-IV, read like a recorded one.
func ExampleWrite() {
	dir, err := os.MkdirTemp("", "unit-")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	unit, err := synth.New(synth.Config{Seed: 1, Beds: 2})
	if err != nil {
		fmt.Println(err)
		return
	}
	layout, err := mimicfolder.LayoutNamed(mimic.NameIV)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := mimicfolder.Write(context.Background(), dir, layout, unit, 1); err != nil {
		fmt.Println(err)
		return
	}
	recorded, err := mimic.OpenIV(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	for p, err := range recorded.Patients(context.Background()) {
		fmt.Println(p.ID, len(p.Stays), err)
	}
	// Output:
	// mimic-iv:90000001 2 <nil>
	// mimic-iv:90000002 1 <nil>
}
