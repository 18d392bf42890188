package physionet

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
)

// Outcome is what came of a stay. It is for training and evaluation: no source
// sends it.
type Outcome struct {
	Died         bool    // in hospital
	SAPSI        float32 // at admission; NaN: not known
	SOFA         float32 // at admission; NaN: not known
	LengthOfStay float32 // in hospital, days; NaN: not known
	Survival     float32 // days from admission to death; +Inf: no death on record; NaN: not known
}

// DiedWithin says whether the patient died within so many days of the admission: 1 or 0, and
// NaN where the day of death is not known.
func (o *Outcome) DiedWithin(days float32) float32 {
	switch {
	case math.IsNaN(float64(o.Survival)):
		return o.Survival
	case o.Survival <= days:
		return 1
	}
	return 0
}

// ReadOutcomes reads the outcomes of the stays at path, by RecordID. path is one
// that [Open] takes: Outcomes-a.txt lies beside set-a or set-a.tar.gz or in the
// folder of records. It may also be such a file itself. A file that is missing or
// has a line that cannot be read is an error: labels are not guessed.
func ReadOutcomes(path string) (map[string]Outcome, error) {
	files, err := outcomeFiles(path)
	if err != nil {
		return nil, err
	}
	outcomes := make(map[string]Outcome)
	for _, file := range files {
		if err := readOutcomes(file, outcomes); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// outcomeFiles are the files of outcomes that belong to the parts at path.
func outcomeFiles(path string) (files []string, err error) {
	if strings.EqualFold(filepath.Ext(path), ".txt") {
		return []string{path}, nil
	}
	parts, err := find(path)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		own, err := p.outcomes()
		if err != nil {
			return nil, err
		}
		files = append(files, own...)
	}
	slices.Sort(files)
	return slices.Compact(files), nil
}

// outcomes are the files of a part's outcomes: the one that is named like it, those in its folder,
// or the only one beside it that is of no other set there. Where there is none it names the first,
// which whoever reads it will miss.
func (p part) outcomes() ([]string, error) {
	dir, set := filepath.Dir(p.path), strings.TrimPrefix(filepath.Base(stem(p.path)), setPrefix)
	named := filepath.Join(dir, "Outcomes-"+set+".txt")
	if exists(named) {
		return []string{named}, nil
	}
	if !p.archive {
		inside, err := filepath.Glob(filepath.Join(p.path, "Outcomes*.txt"))
		if err != nil || inside != nil {
			return inside, err
		}
	}
	beside, err := filepath.Glob(filepath.Join(dir, "Outcomes*.txt"))
	if err != nil {
		return nil, err
	}
	beside = slices.DeleteFunc(beside, func(path string) bool {
		of, _ := strings.CutSuffix(filepath.Base(path), ".txt")
		of = strings.TrimPrefix(strings.TrimPrefix(of, "Outcomes"), "-")
		return slices.ContainsFunc([]string{of, setPrefix + of}, func(name string) bool {
			at := filepath.Join(dir, name)
			return of != "" && (exists(at) || exists(at+".tar.gz") || exists(at+".tgz"))
		})
	})
	if len(beside) == 1 {
		return beside, nil
	}
	return []string{named}, nil
}

// exists says whether there is something at a path.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readOutcomes adds the outcomes of one file.
func readOutcomes(path string, into map[string]Outcome) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("no outcomes at %s: PhysioNet 2012 has an Outcomes-a.txt for its set-a; put it beside the records", path)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := table.NewReader(path, f)
	if err != nil {
		return err
	}
	at, err := r.Columns("recordid", "saps-i", "sofa", "length_of_stay", "survival", "in-hospital_death")
	if err != nil {
		return err
	}
	for {
		fields, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		id, o, err := outcome(fields, at)
		if err != nil {
			return fmt.Errorf("%s line %d: %w", path, r.Line(), err)
		}
		if _, twice := into[id]; twice {
			return fmt.Errorf("%s line %d: record %s has two outcomes", path, r.Line(), id)
		}
		into[id] = o
	}
}

// outcome reads one line.
func outcome(f [][]byte, at []int) (id string, o Outcome, err error) {
	var n [6]int64
	for i, column := range at {
		var ok bool
		if n[i], ok = table.Int(f[column]); !ok {
			return "", o, fmt.Errorf("%.40q is not a whole number", f[column])
		}
	}
	if n[5] != 0 && n[5] != 1 {
		return "", o, fmt.Errorf("a death in hospital of %d, want 0 or 1", n[5])
	}
	o = Outcome{Died: n[5] == 1, SAPSI: known(n[1]), SOFA: known(n[2]), LengthOfStay: known(n[3]), Survival: known(n[4])}
	if n[4] == -1 { // here it does not mean unknown
		o.Survival = float32(math.Inf(1))
	}
	return fmt.Sprint(n[0]), o, nil
}

// known is the value of a field, NaN for -1, which means that it is not known, and for any
// other number below 0.
func known(v int64) float32 {
	if v < 0 {
		return float32(math.NaN())
	}
	return float32(v)
}
