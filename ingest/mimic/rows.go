package mimic

import (
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// eachRow calls row for every row of a table, with the places of the form's columns, -1 for
// one that the edition does not have. The fields are valid during the call. A table that is
// missing is an error only if the layout has it. A row that cannot be read, by the table's
// reader or by an error of row, is kept as a problem, and counted as unreadable if counted.
func (s *Source) eachRow(t form, counted bool, row func(fields [][]byte, at []int) error) error {
	if t.file == "" {
		return nil
	}
	r, err := table.Open(s.dir, t.file)
	if errors.Is(err, os.ErrNotExist) && !slices.Contains(s.edition.layout, t.file) {
		return nil
	}
	if err != nil {
		return err
	}
	defer r.Close()
	at, err := r.Columns(t.columns...)
	if err != nil {
		return fmt.Errorf("%w; is this %s?", err, s.edition.title)
	}
	for n := 0; ; n++ {
		if n&0xfff == 0 {
			if err := s.ctx.Err(); err != nil {
				return err
			}
		}
		fields, err := r.Next()
		if err == io.EOF {
			return nil
		}
		var torn *table.RowError
		if err == nil {
			err = row(fields, at)
			if err != nil {
				torn = &table.RowError{File: r.File(), Line: r.Line(), What: err.Error()}
			}
		} else if !errors.As(err, &torn) {
			return err
		}
		if torn != nil {
			s.count.Problem(torn.Error())
			if counted {
				s.count.Reject(schemas.Unreadable)
			}
		}
	}
}

// field is one field of a row, empty where the edition has no such column.
func field(fields [][]byte, at int) []byte {
	if at < 0 {
		return nil
	}
	return fields[at]
}

// unreadable is the error of a field that cannot be read. eachRow adds file and line.
func unreadable(field string, found []byte) error {
	return fmt.Errorf("%s: cannot read %.40q", field, found)
}

// optionalTime reads a time that may be missing; there says whether it is there.
func optionalTime(name string, b []byte) (t schemas.Time, there bool, err error) {
	if len(b) == 0 {
		return 0, false, nil
	}
	if t, there = table.Time(b); !there {
		return 0, false, unreadable(name, b)
	}
	return t, true, nil
}
