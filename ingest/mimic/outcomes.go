package mimic

import (
	"errors"
	"fmt"
	"io"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// Outcome is what came of an ICU stay. It is for training and evaluation: no source sends
// it.
type Outcome struct {
	Died       bool                          // in hospital, by HOSPITAL_EXPIRE_FLAG of the admission
	Length     schemas.Time                  // of the ICU stay, ms
	Coded      bool                          // the admission has diagnoses at all: without, Phenotypes say nothing
	Phenotypes [len(schemas.Phenotypes)]bool // by the diagnoses of the admission, in the order of schemas.Phenotypes
}

// outcomeForms are the tables that outcomes come from.
var outcomeForms = map[string]struct{ admissions, diagnoses form }{
	Name: {
		form{"ADMISSIONS", []string{"hadm_id", "hospital_expire_flag"}},
		form{"DIAGNOSES_ICD", []string{"hadm_id", "icd9_code", ""}},
	},
	NameIV: {
		form{"hosp/admissions", []string{"hadm_id", "hospital_expire_flag"}},
		form{"hosp/diagnoses_icd", []string{"hadm_id", "icd_code", "icd_version"}},
	},
}

// Outcomes reads what came of the stays, by the stay's id. A table that is missing and a
// line that cannot be read are errors: labels are not guessed. A stay without begin or end
// has none.
func (s *Source) Outcomes() (map[string]Outcome, error) {
	dir, forms := s.dir, outcomeForms[s.edition.name]
	admissions := map[int64]*Outcome{}
	err := eachLine(dir, forms.admissions, func(f [][]byte) error {
		id, ok := table.Int(f[0])
		died, known := table.Int(f[1])
		if !ok || !known || died < 0 || died > 1 {
			return fmt.Errorf("hadm_id %q, hospital_expire_flag %q: want a number, and 0 or 1", f[0], f[1])
		}
		admissions[id] = &Outcome{Died: died == 1}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachLine(dir, forms.diagnoses, func(f [][]byte) error {
		id, ok := table.Int(f[0])
		revision := int64(9)
		if f[2] != nil {
			known := false
			if revision, known = table.Int(f[2]); !known {
				ok = false
			}
		}
		if !ok {
			return fmt.Errorf("hadm_id %q, icd_version %q: want numbers", f[0], f[2])
		}
		if o := admissions[id]; o != nil {
			o.Coded = true
			for _, i := range schemas.PhenotypesOf(int(revision), string(f[1])) {
				o.Phenotypes[i] = true
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	outcomes := map[string]Outcome{}
	err = eachLine(dir, form{s.edition.stays.file, s.edition.stays.columns[1:5]}, func(f [][]byte) error {
		id, ok := table.Int(f[0])
		admit, begins, err := optionalTime("intime", f[2])
		if err != nil {
			return err
		}
		end, ends, err := optionalTime("outtime", f[3])
		if err != nil {
			return err
		}
		if !ok {
			return fmt.Errorf("hadm_id %q: want a number", f[0])
		}
		a := admissions[id]
		if a == nil || !begins || !ends {
			return nil
		}
		o := *a
		o.Length = end - admit
		outcomes[string(f[1])] = o
		return nil
	})
	return outcomes, err
}

// eachLine calls row with the columns of a form, nil for one that the form leaves empty. The
// fields are valid during the call. Unlike eachRow it ends at the first line that cannot be
// read, since a label is not guessed.
func eachLine(dir string, f form, row func([][]byte) error) (err error) {
	r, err := table.Open(dir, f.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	var names []string
	for _, name := range f.columns {
		if name != "" {
			names = append(names, name)
		}
	}
	at, err := r.Columns(names...)
	if err != nil {
		return err
	}
	picked := make([][]byte, len(f.columns))
	for {
		fields, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, column := range at {
			picked[i] = fields[column]
		}
		if err := row(picked); err != nil {
			return fmt.Errorf("%s line %d: %w", r.File(), r.Line(), err)
		}
	}
}
