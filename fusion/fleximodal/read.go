package fleximodal

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/ingest/table"
)

// Part is what a subject is for: to train on, to choose the epoch by, or to test on.
type Part string

// The parts.
const (
	Train      Part = "train"
	Validation Part = "validation"
	Test       Part = "test"
)

// Example is one row of the labels with what its window holds.
type Example struct {
	Subject string
	// End is that of its window, in the window's unit.
	End  float64
	Part Part
	// Series are the cells of the columns of all series, in the manifest's order, before
	// any scale.
	Series vitals.Packed
	// Items are those of the item modalities, in the manifest's order.
	Items []encoders.Items
	// Labels are by task, NaN where one is not known.
	Labels []float32
}

// Dataset is what a directory holds. The examples stand in the order of subjects and
// ends.
type Dataset struct {
	Manifest *Manifest
	// Hash is the SHA-256 of the manifest and all tables, in hex.
	Hash string
	// Rows counts those of the tables, without headers.
	Rows     int
	Examples []Example
}

// Read reads a directory into examples, whose windows are cut into cells of equal length.
// The error says file, line and column, and how to mend it. ctx is looked at between
// tables.
func Read(ctx context.Context, dir string, cells int) (*Dataset, error) {
	m, err := ReadManifest(dir)
	if err != nil {
		return nil, err
	}
	r := reader{dir: dir, data: &Dataset{Manifest: m}}
	hash := sha256.New()
	if err := hashFile(hash, filepath.Join(dir, ManifestFile)); err != nil {
		return nil, err
	}
	files := []string{m.Labels.File}
	for _, x := range m.Modalities {
		files = append(files, x.File)
	}
	for i, file := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := hashFile(hash, filepath.Join(dir, file)); err != nil {
			return nil, err
		}
		if i == 0 {
			err = r.labels()
		} else {
			err = r.modality(&m.Modalities[i-1])
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", dir, err)
		}
	}
	r.data.Hash = hex.EncodeToString(hash.Sum(nil))
	r.fill(cells)
	return r.data, nil
}

// hashFile adds the bytes of a file, as they are on disk, to a hash.
func hashFile(to io.Writer, path string) error {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is not there: put it beside %s, or mend its name in it", path, ManifestFile)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(to, f)
	return errors.Join(err, f.Close())
}

// reader is a directory being read.
type reader struct {
	dir  string
	data *Dataset
	// timed says that the labels have times, so that a subject may have several windows.
	timed bool
	// of has the examples of a subject.
	of map[string][]int
	// columns counts those of all series so far.
	columns int
	// tables has, by modality, the rows of a subject in the order of time.
	tables []map[string][]observed
}

// observed is one row of a modality; an empty field is NaN.
type observed struct {
	at     float64
	values []float32
}

// tableRow is one row of a table as text.
type tableRow struct {
	file string
	line int
	// names are those of the columns that were asked for.
	names  []string
	fields []string
}

// bad is the error that a column of the row is wrong, with its place.
func (r *tableRow) bad(column int, what string, args ...any) error {
	return fmt.Errorf("%s line %d, column %s: %s", r.file, r.line, r.names[column], fmt.Sprintf(what, args...))
}

// each calls visit for every row of a table with the named columns; a name that ends with
// "?" need not be there, its field is then empty.
func (r *reader) each(file string, names []string, visit func(*tableRow) error) error {
	in, err := table.Open(r.dir, tableName(file))
	if err != nil {
		return err
	}
	defer in.Close()
	if in.File() != filepath.Base(file) {
		return fmt.Errorf("%s stands beside %s: keep one of them", in.File(), file)
	}
	x := tableRow{file: file, names: slices.Clone(names), fields: make([]string, len(names))}
	for i, n := range x.names {
		x.names[i] = strings.TrimSuffix(n, "?")
	}
	places := make([]int, len(names))
	for i, n := range names {
		if !strings.HasSuffix(n, "?") {
			one, err := in.Columns(n)
			if err != nil {
				return fmt.Errorf("%w: add it, or mend the name in %s", err, ManifestFile)
			}
			places[i] = one[0]
		} else {
			places[i] = in.Column(x.names[i])
		}
	}
	for {
		fields, err := in.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, at := range places {
			x.fields[i] = ""
			if at >= 0 {
				x.fields[i] = strings.TrimSpace(string(fields[at]))
			}
		}
		x.line = in.Line()
		if x.fields[0] == "" {
			return x.bad(0, "it is empty: want the subject's name")
		}
		r.data.Rows++
		if err := visit(&x); err != nil {
			return err
		}
	}
}

// fill makes the examples of the tables: what lies in the window of each.
func (r *reader) fill(cells int) {
	examples := r.data.Examples
	series := encoders.NewSeries(r.columns, cells)
	for i := range examples {
		e := &examples[i]
		series.Clear()
		w := grid{end: e.End, length: r.data.Manifest.Window.Length, cells: cells}
		first := 0
		for k := range r.data.Manifest.Modalities {
			m := &r.data.Manifest.Modalities[k]
			rows := w.within(r.tables[k][e.Subject])
			if m.Kind == Items {
				e.Items = append(e.Items, w.items(rows, len(m.Columns)))
				continue
			}
			for c := range m.Columns {
				w.channel(&series, first+c, rows, c)
			}
			first += len(m.Columns)
		}
		e.Series = vitals.Pack(&series)
	}
	slices.SortFunc(examples, func(a, b Example) int {
		return cmp.Or(strings.Compare(a.Subject, b.Subject), cmp.Compare(a.End, b.End))
	})
}
