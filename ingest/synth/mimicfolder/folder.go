package mimicfolder

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
)

// Written says how much was written. Rows are those of all tables, without headers.
type Written struct {
	Patients, Stays, Tables, Rows int
}

// folder gathers the tables in memory before they are written, so that nothing is written
// where a patient has no place in them.
type folder struct {
	layout *Layout
	tables [numKinds]*tableWriter // nil for one that the edition does not have

	stays, admissions int   // numbered so far
	err               error // the first of add
}

// row is a table's row by column, in lower case. Columns that the edition does not
// have are left out of it, so that one row serves both.
type row map[string]string

// tableWriter is one table as text.
type tableWriter struct {
	text bytes.Buffer
	csv  *csv.Writer
	rows int
}

// Write writes the patients of a source, each with one stay and values by channel, as
// a folder of the layout into dir. What the source does not tell is drawn from seed.
// Files that are there are not replaced. Errors: the source's; a patient that the
// tables have no place for; a file that cannot be written.
func Write(ctx context.Context, dir string, layout *Layout, from source.Source, seed uint64) (Written, error) {
	var charts []*chart
	for p, err := range from.Patients(ctx) {
		if err != nil {
			return Written{}, err
		}
		c, err := readChart(p, rand.New(rand.NewPCG(seed, uint64(len(charts)))))
		if err != nil {
			return Written{}, err
		}
		charts = append(charts, c)
	}
	comeBack(charts, die(charts), rand.New(rand.NewPCG(seed, 1<<32)))

	f := &folder{layout: layout}
	for k, t := range layout.tables {
		if t.file == "" {
			continue
		}
		w := &tableWriter{}
		w.csv = csv.NewWriter(&w.text)
		f.tables[k] = w
		if err := w.csv.Write(t.columns); err != nil {
			return Written{}, err
		}
	}
	for i, c := range charts {
		f.patient(i, c, rand.New(rand.NewPCG(seed, 2<<32+uint64(i))))
	}
	f.dictionaries()
	if f.err != nil {
		return Written{}, f.err
	}
	return f.save(dir, len(charts))
}

// rowsOfTable keeps the row numbers of two tables apart: those of table n begin at n times this.
const rowsOfTable = 10_000_000

// add writes a row, which gets the table's next number. A column that no edition has is a mistake
// of this package, and becomes the folder's error.
func (f *folder) add(k kind, r row) {
	t := f.tables[k]
	if t == nil || f.err != nil {
		return
	}
	number := fmt.Sprint((int(k)+1)*rowsOfTable + t.rows + 1)
	fields := make([]string, len(f.layout.tables[k].columns))
	for i, column := range f.layout.tables[k].columns {
		name := strings.ToLower(column)
		switch name {
		case "row_id", "labevent_id", "transfer_id":
			fields[i] = number
		default:
			fields[i] = r[name]
		}
	}
	for name := range r {
		if !known(k, name) {
			f.err = fmt.Errorf("no edition has a column %s in its table of %s", name, f.layout.tables[k].file)
			return
		}
	}
	t.rows++
	f.err = t.csv.Write(fields)
}

// known says whether any edition has the column in its table of this kind.
func known(k kind, name string) bool {
	for _, l := range layouts {
		for _, column := range l.tables[k].columns {
			if strings.EqualFold(column, name) {
				return true
			}
		}
	}
	return false
}

// notice stands in every folder, so that a copy of it says what it is.
const notice = `No person in these tables exists. They were invented by Vigil ("vigil synth") in the
layout of %s, to try software on. They are not data of any hospital, tell nothing
about medicine, and are not for patient care.
`

// save writes the files, packed without a time or a name, so that the same tables are the same
// bytes.
func (f *folder) save(dir string, patients int) (Written, error) {
	out := Written{Patients: patients, Stays: f.stays}
	if err := writeNew(filepath.Join(dir, "INVENTED.txt"), fmt.Appendf(nil, notice, strings.ToUpper(f.layout.Name))); err != nil {
		return Written{}, err
	}
	for k, t := range f.tables {
		if t == nil {
			continue
		}
		t.csv.Flush()
		var zipped bytes.Buffer
		z, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if err != nil {
			return Written{}, err
		}
		_, err = z.Write(t.text.Bytes())
		if err := errors.Join(err, z.Close(), t.csv.Error()); err != nil {
			return Written{}, err
		}
		if err := writeNew(filepath.Join(dir, f.layout.tables[k].file+".csv.gz"), zipped.Bytes()); err != nil {
			return Written{}, err
		}
		out.Tables++
		out.Rows += t.rows
	}
	return out, nil
}

// writeNew writes a file that is not there yet, and makes its folder. Nothing is written over:
// it may be somebody's real data.
func writeNew(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return errors.Join(err, file.Close())
}
