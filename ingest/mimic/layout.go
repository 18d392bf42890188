package mimic

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
)

// layout are the tables by which a MIMIC-III folder is told from others.
var layout = []string{"ICUSTAYS", "PATIENTS", "ADMISSIONS", "CHARTEVENTS"}

// Recognise says whether dir is a MIMIC-III folder: nil, or one error saying what
// was looked for and what was found.
func Recognise(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no folder %s: name the folder that holds ICUSTAYS.csv.gz and the other MIMIC-III tables", dir)
	}
	if err != nil {
		return fmt.Errorf("cannot read %s as a folder of MIMIC-III tables: %w", dir, err)
	}
	var missing []string
	for _, name := range layout {
		if path, err := table.Find(dir, name); err != nil {
			return err
		} else if path == "" {
			missing = append(missing, name)
		}
	}
	if missing == nil {
		return recogniseHeader(dir)
	}
	return fmt.Errorf("%s is not a MIMIC-III folder: looked for %s as .csv.gz or .csv, missing %s; it holds %s",
		dir, strings.Join(layout, ", "), strings.Join(missing, ", "), listing(entries))
}

// recogniseHeader tells MIMIC-III from others that name their tables alike:
// MIMIC-IV has stay_id, and its tables lie in hosp/ and icu/.
func recogniseHeader(dir string) error {
	r, err := table.Open(dir, "ICUSTAYS")
	if err != nil {
		return err
	}
	defer r.Close()
	if _, err := r.Columns("row_id", "subject_id", "icustay_id", "intime", "outtime"); err != nil {
		return fmt.Errorf("%s is not a MIMIC-III folder: %w", filepath.Clean(dir), err)
	}
	return nil
}

// listing names the first few entries.
func listing(entries []os.DirEntry) string {
	if len(entries) == 0 {
		return "nothing"
	}
	var names []string
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) > 6 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:6], ", "), len(names)-6)
	}
	return strings.Join(names, ", ")
}
