package measure

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Layouts of the sets, told by their columns.
const (
	MTSDialog = "mts-dialog" // ID, section_header, section_text: one section a row
	ACIBench  = "aci-bench"  // encounter_id, note: one note a row
)

// Row is one text of a set.
type Row struct {
	Layout  string
	ID      string
	Section string // the section that the text is, of MTS-Dialog
	Text    string
}

// maxTable is how much a table may hold, unpacked.
const maxTable = 1 << 30

// Rows reads the tables of a folder, at any depth: each .csv or .csv.gz that has the columns
// of one of the layouts. Others are passed over.
func Rows(dir fs.FS) ([]Row, error) {
	var rows []Row
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(strings.TrimSuffix(name, ".gz"), ".csv") {
			return err
		}
		found, err := table(dir, name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		rows = append(rows, found...)
		return nil
	})
	if err == nil && len(rows) == 0 {
		err = errors.New("no table of notes: want .csv or .csv.gz files with the columns section_header and section_text (MTS-Dialog) or note (ACI-Bench)")
	}
	return rows, err
}

func table(dir fs.FS, name string) ([]Row, error) {
	f, err := dir.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var from io.Reader = f
	if path.Ext(name) == ".gz" {
		z, err := gzip.NewReader(f)
		if err != nil {
			return nil, err
		}
		defer z.Close()
		from = z
	}
	limited := &io.LimitedReader{R: from, N: maxTable}
	r := csv.NewReader(limited)
	r.FieldsPerRecord, r.LazyQuotes, r.ReuseRecord = -1, true, true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	column := func(names ...string) int {
		return slices.IndexFunc(header, func(h string) bool {
			return slices.Contains(names, strings.ToLower(strings.TrimSpace(strings.TrimPrefix(h, "\ufeff"))))
		})
	}
	layout, id, text, section := MTSDialog, column("id"), column("section_text"), column("section_header")
	if text < 0 || section < 0 {
		layout, id, text, section = ACIBench, column("encounter_id", "id", "file"), column("note"), -1
		if text < 0 {
			return nil, nil
		}
	}
	var rows []Row
	for n := 1; ; n++ {
		fields, err := r.Read()
		switch {
		case limited.N <= 0:
			return nil, fmt.Errorf("more than %d MiB: divide the table", maxTable>>20)
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			return nil, err
		case len(fields) <= max(text, section):
			return nil, fmt.Errorf("row %d has %d columns, its header has %d", n, len(fields), len(header))
		}
		row := Row{Layout: layout, ID: fmt.Sprint(n), Text: strings.Clone(fields[text])}
		if id >= 0 && id < len(fields) {
			row.ID = strings.Clone(strings.TrimSpace(fields[id]))
		}
		if section >= 0 {
			row.Section = strings.TrimSpace(strings.Clone(fields[section]))
		}
		rows = append(rows, row)
	}
}
