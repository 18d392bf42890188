package mimic

import (
	"context"
	"iter"

	"github.com/vigil-icu/vigil/ingest/replay"
)

// Recognise says whether dir is a MIMIC-III folder: nil, or one error saying what
// was looked for and what was found.
func Recognise(dir string) error { panic("building") }

// Source is a MIMIC-III folder. It implements replay.Source.
type Source struct{ dir string }

// Open recognises dir and reads nothing else yet.
func Open(dir string) (*Source, error) {
	if err := Recognise(dir); err != nil {
		return nil, err
	}
	return &Source{dir: dir}, nil
}

// Name is "mimic-iii".
func (s *Source) Name() string { return "mimic-iii" }

// Hash implements replay.Source.
func (s *Source) Hash() string { panic("building") }

// Patients implements replay.Source.
func (s *Source) Patients(ctx context.Context) iter.Seq2[*replay.Patient, error] { panic("building") }

// Rows implements replay.Source.
func (s *Source) Rows() replay.RowCount { panic("building") }

var _ replay.Source = (*Source)(nil)
