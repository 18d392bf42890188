package mimic

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

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
	// Death is when the patient was dead at the latest, 0 where no table says: DEATHTIME of the
	// admission, else the last moment of the day that is the patient's DOD.
	Death schemas.Time
}

// DeadBefore says whether the patient was surely dead before a time.
func (o *Outcome) DeadBefore(t schemas.Time) bool { return o.Death != 0 && o.Death < t }

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
	err := eachLine(dir, forms.admissions, []string{"deathtime"}, func(f [][]byte) error {
		id, ok := table.Int(f[0])
		died, known := table.Int(f[1])
		death, err := latestDeath("deathtime", f[2])
		if err != nil {
			return err
		}
		if !ok || !known || died < 0 || died > 1 {
			return fmt.Errorf("hadm_id %q, hospital_expire_flag %q: want a number, and 0 or 1", f[0], f[1])
		}
		admissions[id] = &Outcome{Died: died == 1, Death: death}
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = eachLine(dir, forms.diagnoses, nil, func(f [][]byte) error {
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
	dead, err := s.deaths()
	if err != nil {
		return nil, err
	}
	outcomes := map[string]Outcome{}
	err = eachLine(dir, form{s.edition.stays.file, s.edition.stays.columns[:5]}, nil, func(f [][]byte) error {
		subject, f := f[0], f[1:]
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
		if o.Death == 0 {
			o.Death = dead[string(subject)]
		}
		outcomes[string(f[1])] = o
		return nil
	})
	return outcomes, err
}

// deaths are the last moments of the days on which patients died, by subject_id. A folder
// without the table or its column has none.
func (s *Source) deaths() (map[string]schemas.Time, error) {
	dead := map[string]schemas.Time{}
	file := s.edition.patients.file
	err := eachLine(s.dir, form{file, []string{"subject_id"}}, []string{"dod"}, func(f [][]byte) error {
		const day = 24 * schemas.Hour
		t, there, err := optionalTime("dod", f[1])
		if there {
			dead[string(f[0])] = t - t%day + day - 1 // no year is before 1970 in MIMIC
		}
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return dead, nil
	}
	return dead, err
}

// latestDeath reads when somebody died; one who died on a day was dead at the end of it.
func latestDeath(name string, b []byte) (schemas.Time, error) {
	t, there, err := optionalTime(name, b)
	if there && len(b) == len("2150-01-01") {
		t += 24*schemas.Hour - 1
	}
	return t, err
}

// eachLine calls row with the columns of a form and then the optional ones, nil for one that is
// not there.
func eachLine(dir string, f form, optional []string, row func([][]byte) error) (err error) {
	r, err := table.Open(dir, f.file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	at, err := r.Columns(f.columns...)
	if err != nil {
		return err
	}
	for _, name := range optional {
		at = append(at, r.Column(name))
	}
	picked := make([][]byte, len(at))
	for {
		fields, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, column := range at {
			picked[i] = nil
			if column >= 0 {
				picked[i] = fields[column]
			}
		}
		if err := row(picked); err != nil {
			return fmt.Errorf("%s line %d: %w", r.File(), r.Line(), err)
		}
	}
}
