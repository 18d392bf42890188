package mimic

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// tablesOf are the rows of an edition's tables, by file; the header is the first.
type tablesOf map[string][][]string

// part reads the tables that the edition asks for, of a few patients of its demo.
func part(t *testing.T, e *edition, subjects ...string) tablesOf {
	t.Helper()
	return tables(t, e, filepath.Join(opendata.Dir(t), e.name+"-demo"), subjects...)
}

// tables reads those of a folder that the edition asks for, of all patients where none is
// named. Tables that the folder does not have are left out, as the source leaves them out.
func tables(t *testing.T, e *edition, dir string, subjects ...string) tablesOf {
	t.Helper()
	out := tablesOf{}
	files := slices.Clone(e.dictionaries)
	if len(subjects) == 0 {
		for _, n := range e.notes {
			files = append(files, n.file)
		}
	}
	for _, f := range []form{e.admissions, e.stays, e.patients, e.transfers, e.inputsCV, e.inputsMV} {
		files = append(files, f.file)
	}
	for _, v := range e.values {
		files = append(files, v.file)
	}
	for _, name := range files {
		if name == "" {
			continue
		}
		f, err := os.Open(filepath.Join(dir, name+".csv.gz"))
		if os.IsNotExist(err) && !slices.Contains(e.layout, name) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		r := csv.NewReader(z)
		header, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		subject := slices.IndexFunc(header, func(h string) bool { return strings.EqualFold(h, "subject_id") })
		out[name] = [][]string{header}
		for {
			row, err := r.Read()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if subject < 0 || len(subjects) == 0 || slices.Contains(subjects, row[subject]) {
				out[name] = append(out[name], row)
			}
		}
		f.Close()
	}
	return out
}

// write makes a folder of the tables.
func (tables tablesOf) write(t *testing.T, zipped bool) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, rows := range tables {
		path := filepath.Join(dir, name+".csv")
		if zipped {
			path += ".gz"
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		var to io.WriteCloser = f
		if zipped {
			to = gzip.NewWriter(f)
		}
		w := csv.NewWriter(to)
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		if err := to.Close(); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return dir
}

// turned has the rows and the columns the other way round, headers in capitals and
// a column beside.
func (tables tablesOf) turned() tablesOf {
	out := tablesOf{}
	for name, rows := range tables {
		for _, row := range rows {
			row = append(slices.Clone(row), "x")
			slices.Reverse(row)
			out[name] = append(out[name], row)
		}
		for i, h := range out[name][0] {
			out[name][0][i] = strings.ToUpper(h)
		}
		slices.Reverse(out[name][1:])
	}
	return out
}

// patientsOf are a few of the demo of each edition, with several stays among them.
var patientsOf = map[*edition][]string{
	editionIII: {"10006", "10011", "40124", "41976", "42367"},
	editionIV:  {"10000032", "10002428", "10003400", "10019003"},
}

// The same tables plain or gzip, in another order of rows and columns, are the
// same run; another value is another.
func TestHashIsOverTheData(t *testing.T) {
	for _, e := range editions {
		tables := part(t, e, patientsOf[e]...)
		withNotes(e, tables)
		read := func(tables tablesOf, zipped bool) (string, source.RowCount) {
			s, err := e.open(tables.write(t, zipped))
			if err != nil {
				t.Fatal(err)
			}
			readAll(t, s)
			return s.Hash(), s.Rows()
		}
		want, rows := read(tables, true)
		if rows.Used < 1000 {
			t.Fatalf("%s: only %d rows are used", e.name, rows.Used)
		}
		for name, got := range map[string]func() (string, source.RowCount){
			"plain":  func() (string, source.RowCount) { return read(tables, false) },
			"turned": func() (string, source.RowCount) { return read(tables.turned(), true) },
		} {
			if hash, n := got(); hash != want || n.Used != rows.Used || n.Duplicate != rows.Duplicate {
				t.Errorf("%s %s: hash %s with %d used and %d duplicate, want %s with %d and %d",
					e.name, name, hash, n.Used, n.Duplicate, want, rows.Used, rows.Duplicate)
			}
		}
		charts := tables[e.values[0].file]
		value := slices.IndexFunc(charts[0], func(h string) bool { return strings.EqualFold(h, "valuenum") })
		item := slices.IndexFunc(charts[0], func(h string) bool { return strings.EqualFold(h, "itemid") })
		row := slices.IndexFunc(charts, func(row []string) bool { return row[item] == "220045" && row[value] != "" })
		charts[row][value] = "77.5"
		if hash, _ := read(tables, true); hash == want {
			t.Errorf("%s: another heart rate, and the hash stays", e.name)
		}
	}
}

// withNotes adds notes to the first stay of the first patient: the demos have none.
func withNotes(e *edition, tables tablesOf) {
	stays := tables[e.stays.file]
	column := func(name string) int {
		return slices.IndexFunc(stays[0], func(h string) bool { return strings.EqualFold(h, name) })
	}
	subject, in := stays[1][column("subject_id")], stays[1][column("intime")]
	if e == editionIII {
		tables["NOTEEVENTS"] = [][]string{
			{"ROW_ID", "SUBJECT_ID", "CHARTDATE", "CHARTTIME", "STORETIME", "CATEGORY", "ISERROR", "TEXT"},
			{"7", subject, in[:10], in, in, "Nursing", "", "Sleeps."},
			{"8", subject, in[:10], in, in, "Nursing", "", "Sleeps."},
			{"9", subject, in[:10], in, "", "Nursing", "1", "Not this one."},
			{"10", subject, in[:10], "", "", "Discharge summary", "", "Went home."},
		}
		return
	}
	header := []string{"note_id", "subject_id", "hadm_id", "note_type", "note_seq", "charttime", "storetime", "text"}
	tables["note/discharge"] = [][]string{header,
		{subject + "-DS-1", subject, "1", "DS", "1", in[:10] + " 00:00:00", "", "Went home."},
		{subject + "-DS-2", subject, "1", "DS", "2", in[:10] + " 00:00:00", in[:10] + " 23:59:59", "Went home."},
	}
	tables["note/radiology"] = [][]string{header,
		{subject + "-RR-1", subject, "1", "RR", "1", in, "", "No effusion.\nNo \"free air\"."},
		{"", subject, "1", "RR", "1", in, "", "A note without an id."},
	}
}

func TestNotesOfMIMICIV(t *testing.T) {
	tables := part(t, editionIV, "10002428")
	withNotes(editionIV, tables)
	s, err := OpenIV(tables.write(t, true))
	if err != nil {
		t.Fatal(err)
	}
	p := readAll(t, s)["10002428"]
	var got []string
	for i := range p.Events {
		if n := p.Events[i].Note; n != nil {
			got = append(got, n.Ref+" "+n.Kind+" "+p.Events[i].EventTime.String()+" known "+p.Events[i].AvailableTime.String()+" "+n.Text)
		}
	}
	want := []string{
		"radiology:10002428-RR-1 radiology 2156-04-30T21:53:00.000Z known 2156-04-30T22:53:00.000Z No effusion.\nNo \"free air\".",
		"discharge:10002428-DS-1 discharge summary 2156-04-30T23:59:59.000Z known 2156-04-30T23:59:59.000Z Went home.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("notes %q, want %q", got, want)
	}
	if r := s.Rows(); r.RejectedBy[schemas.Unreadable] != 1 || len(r.Problems) != 1 || !strings.Contains(r.Problems[0], "radiology.csv.gz line 4: note_id") {
		t.Errorf("the note without an id: %+v", r)
	}
}
