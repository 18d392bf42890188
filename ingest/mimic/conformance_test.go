package mimic

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/source/sourcetest"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// held is what the package documentation says of memory, in bytes: so much for each row
// that is used, and the patient in hand.
func held(used int) uint64 { return uint64(64*used) + 1<<20 }

func TestConformsOnTestdata(t *testing.T) {
	for _, e := range editions {
		t.Run(e.name, func(t *testing.T) {
			dir := filepath.Join("..", "..", "testdata", e.name)
			open := func(dir string) (source.Source, error) { return e.open(dir) }
			sourcetest.Run(t, sourcetest.Subject{
				Open: func() (source.Source, error) { return open(dir) },
				Changed: func(string) (source.Source, error) {
					all := tables(t, e, dir)
					charts, row, column := all.heartRate(e)
					charts[row][column("valuenum")], charts[row][column("value")] = "77.5", "77.5"
					return open(all.write(t, false))
				},
				Reordered: func(string) (source.Source, error) { return open(tables(t, e, dir).turned().write(t, true)) },
				Damaged: func(string) (source.Source, map[schemas.Reason]int, error) {
					all := tables(t, e, dir)
					added := all.damage(e)
					s, err := open(all.write(t, true))
					return s, added, err
				},
				Held: held(5000),
			})
		})
	}
}

// The demos are played whole; what is changed and damaged is shown on testdata.
func TestConformsOnTheDemos(t *testing.T) {
	if testing.Short() {
		t.Skip("reads each demo some ten times: left out with -short")
	}
	for _, e := range editions {
		t.Run(e.name, func(t *testing.T) {
			dir := filepath.Join(opendata.Dir(t), e.name+"-demo")
			s, err := e.open(dir)
			if err != nil {
				t.Fatal(err)
			}
			readAll(t, s)
			sourcetest.Run(t, sourcetest.Subject{
				Open: func() (source.Source, error) { return e.open(dir) },
				Held: held(s.Rows().Used),
			})
		})
	}
}

// heartRate is the first row of the chart with a heart rate, and the places of columns.
func (tables tablesOf) heartRate(e *edition) (charts [][]string, row int, column func(string) int) {
	charts = tables[e.values[0].file]
	column = func(name string) int {
		return slices.IndexFunc(charts[0], func(h string) bool { return strings.EqualFold(h, name) })
	}
	row = slices.IndexFunc(charts, func(row []string) bool {
		return (row[column("itemid")] == "220045" || row[column("itemid")] == "211") && row[column("valuenum")] != ""
	})
	return charts, row, column
}

// damage adds a bad row of each kind to the chart, and a torn one to the stays.
func (tables tablesOf) damage(e *edition) map[schemas.Reason]int {
	charts, at, column := tables.heartRate(e)
	added := map[schemas.Reason]int{}
	for _, bad := range []struct {
		reason        schemas.Reason
		column, value string
	}{
		{schemas.Unreadable, "charttime", "2118-02-30 12:00:00"},
		{schemas.Unreadable, "subject_id", "nobody"},
		{schemas.Unreadable, "valuenum", "8o"},
		{schemas.Unreadable, "value", "\xff"},
		{schemas.OutsideStay, "charttime", "1999-01-01 12:00:00"},
		{schemas.NoValue, "valuenum", ""},
		{schemas.Implausible, "valuenum", "9000"},
		{schemas.MarkedWrong, "error", "1"},
	} {
		if column(bad.column) < 0 {
			continue // MIMIC-IV has no column for an error
		}
		row := slices.Clone(charts[at])
		if bad.column == "valuenum" {
			row[column("value")] = "" // a text would stand in for the number
		}
		row[column(bad.column)] = bad.value
		charts = append(charts, row)
		added[bad.reason]++
	}
	tables[e.values[0].file] = append(charts, []string{"torn"})
	tables[e.stays.file] = append(tables[e.stays.file], []string{"torn"})
	added[schemas.Unreadable] += 2
	return added
}
