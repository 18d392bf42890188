package mimic

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// Source is a folder of MIMIC-III or MIMIC-IV. It implements source.Source and is read once.
type Source struct {
	edition *edition
	items   *itemTable // the edition's, and over them the site's own
	codes   string     // the hash of those
	dir     string
	ctx     context.Context // of the reading in progress

	patients   map[int64]*patient
	admissions map[int64]*admission
	said       []said // where the canonical number of a value is not enough
	count      *source.Counter[int64]
	hash       source.Hasher
	labels     map[int64]string // of unmapped items; not empty once reading has begun
}

// Open recognises dir as a folder of MIMIC-III. Nothing but names and one header is read
// before Patients. The error says what was looked for, what was found, and how to mend it.
func Open(dir string) (*Source, error) { return editionIII.open(dir) }

// OpenIV recognises dir as a folder of MIMIC-IV, as Open does one of MIMIC-III.
func OpenIV(dir string) (*Source, error) { return editionIV.open(dir) }

// open recognises dir as a folder of the edition.
func (e *edition) open(dir string) (*Source, error) {
	if err := e.recognise(dir); err != nil {
		return nil, err
	}
	return &Source{edition: e, items: &e.items, dir: dir, count: source.NewCounter[int64]()}, nil
}

// UseCodes lays a site's own items over those of the channel table, before the reading: rows of system mimic-iii or
// mimic-iv, by item id.
func (s *Source) UseCodes(own *schemas.SiteCodes) error {
	items, laid, err := s.edition.items.with(own, s.edition.name)
	if laid {
		s.items, s.codes = items, own.Hash()
	}
	return err
}

// Name is "mimic-iii" or "mimic-iv".
func (s *Source) Name() string { return s.edition.name }

// Hash is over the decoded data, not over the files: the same tables plain or
// gzip, in another row order or with other columns beside have the same.
func (s *Source) Hash() string { return s.hash.Sum(s.codes) }

// Rows says what became of each row. It is valid once Patients has ended.
func (s *Source) Rows() source.RowCount {
	return s.count.Rows(func(item int64) string { return s.labels[item] })
}

// Patients reads the whole folder, as its tables are not ordered by patient, and then yields
// every patient with an ICU stay, by SUBJECT_ID.
func (s *Source) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		s.ctx = ctx
		if err := s.read(); err != nil {
			yield(nil, fmt.Errorf("reading %s from %s: %w", s.edition.family(), s.dir, err))
			return
		}
		subjects := make([]*patient, 0, len(s.patients))
		for _, p := range s.patients {
			subjects = append(subjects, p)
		}
		slices.SortFunc(subjects, func(a, b *patient) int { return cmp.Compare(a.subject, b.subject) })
		s.patients = nil
		for _, p := range subjects {
			if len(p.stays) == 0 {
				continue
			}
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			out := s.finish(p)
			s.hash.Add(out)
			if !yield(out, nil) {
				return
			}
		}
	}
}

// read reads the tables: first who was where, as that decides which values are of a stay,
// last the names of what was not mapped, as only then it is known of what.
func (s *Source) read() error {
	if s.patients != nil || len(s.labels) > 0 {
		return fmt.Errorf("the source was read before: open it again")
	}
	s.labels = map[int64]string{0: ""}
	for _, read := range []func() error{s.readStays, s.readValues, s.readInputsCV, s.readInputsMV, s.readNotes, s.readLabels} {
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// readLabels looks up what the unmapped items are called, for people.
func (s *Source) readLabels() error {
	for _, dictionary := range s.edition.dictionaries {
		err := s.eachRow(form{dictionary, []string{"itemid", "label"}}, false, func(f [][]byte, at []int) error {
			item, _ := table.Int(f[at[0]])
			if s.count.Unmapped(item) {
				s.labels[item] = string(f[at[1]])
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
