package physionet

import (
	"context"
	"fmt"
	"io"
	"iter"
	"maps"
	"time"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// Name of the source, the domain of its patients, and the system of its codes.
const Name = "physionet2012"

// LabDelay and ChartDelay are added to the time of a value, as no record says when it was
// known: the medians that DESIGN names, measured on MIMIC-III.
const (
	LabDelay   = 65 * schemas.Minute
	ChartDelay = 14 * schemas.Minute
)

// Length is that of every record.
const Length = 48 * schemas.Hour

// Admitted is when every stay begins: the records have no calendar. It is a full
// hour, so that hours of the stay are hours of the clock.
var Admitted = schemas.FromStd(time.Date(2012, 1, 1, 0, 0, 0, 0, time.UTC))

// Source is a set of records. It implements source.Source and is read once.
type Source struct {
	path  string
	parts []part
	read  bool
	codes string // the hash of the site's own codes; empty for none

	parameters map[string]*parameter // the channel table's, and over them the site's own
	seen       map[string]string     // file of each record, by its id

	table  *table.Reader // of the record in hand; its memory serves all of them
	record record
	count  *source.Counter[string]
	hash   source.Hasher
}

// Open finds records at path and looks at the first; nothing else is read before
// Patients. The error says what was looked for and what was found.
func Open(path string) (*Source, error) {
	parts, err := find(path)
	if err != nil {
		return nil, err
	}
	s := &Source{path: path, parameters: parameters, parts: parts, seen: make(map[string]string), count: source.NewCounter[string]()}
	s.record.said = make(map[statement]struct{})
	first := func(file, _ string, text io.Reader) (bool, error) {
		_, err := s.header(file, text)
		return false, err
	}
	if _, err := parts[0].walk(context.Background(), first); err != nil {
		return nil, err
	}
	return s, nil
}

// UseCodes lays a site's own names of parameters over those of the channel table, before the reading: rows of system
// physionet2012.
func (s *Source) UseCodes(own *schemas.SiteCodes) error {
	s.parameters = maps.Clone(parameters)
	own.All(Name, func(r schemas.SiteCode) {
		p := &parameter{channel: r.Channel, delay: ChartDelay, own: &r}
		if r.Channel.Info().Group == "lab" {
			p.delay = LabDelay
		}
		s.parameters[r.Code] = p
		s.codes = own.Hash()
	})
	return nil
}

// header begins to read a record and returns the places of time, parameter and value.
func (s *Source) header(file string, text io.Reader) (at []int, err error) {
	if s.table == nil {
		s.table, err = table.NewReader(file, text)
	} else {
		err = s.table.Reset(file, text)
	}
	if err == nil {
		at, err = s.table.Columns("time", "parameter", "value")
	}
	if err != nil {
		return nil, fmt.Errorf("%w; a record of PhysioNet 2012 begins with Time,Parameter,Value", err)
	}
	return at, nil
}

// Name is "physionet2012".
func (s *Source) Name() string { return Name }

// Hash is over the decoded data, not over the files: the same records unpacked,
// in an archive or in another order have the same.
func (s *Source) Hash() string { return s.hash.Sum(s.codes) }

// Rows says what became of each line. It is valid once Patients has ended.
func (s *Source) Rows() source.RowCount { return s.count.Rows(nil) }

// Patients yields one patient a record, in the order in which records lie in the folder or
// archive. One record at a time is in memory.
func (s *Source) Patients(ctx context.Context) iter.Seq2[*source.Patient, error] {
	return func(yield func(*source.Patient, error) bool) {
		if s.read {
			yield(nil, fmt.Errorf("the source was read before: open it again"))
			return
		}
		s.read = true
		for _, p := range s.parts {
			goOn, err := p.walk(ctx, func(file, id string, text io.Reader) (bool, error) {
				patient, err := s.readRecord(file, id, text)
				if err != nil {
					return false, err
				}
				s.hash.Add(patient)
				return yield(patient, nil), nil
			})
			if err != nil {
				yield(nil, fmt.Errorf("reading PhysioNet 2012 from %s: %w", s.path, err))
			}
			if !goOn || err != nil {
				return
			}
		}
	}
}
