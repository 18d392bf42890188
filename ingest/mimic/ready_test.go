package mimic

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// The recorded unit is used as far as it can be: of the rows of the public
// 17-variable map nearly all, of the laboratory's every one or with a reason.
func TestRowsOfTheDemoAreUsed(t *testing.T) {
	data := opendata.Dir(t)
	dir := filepath.Join(data, "mimic-iii-demo")
	ready := map[string]bool{}
	opendata.EachRow(t, filepath.Join(data, "mappings", "itemid_to_variable_map.csv.gz"), func(row func(string) string) {
		if strings.EqualFold(row("status"), "ready") && row("linksto") == "chartevents" {
			ready[row("itemid")] = true
		}
	})
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	sent := map[string]bool{}
	for p, err := range s.Patients(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for i := range p.Events {
			if v := p.Events[i].Vitals; v != nil {
				for k := range v.Observations {
					sent[v.Observations[k].Ref] = true
				}
			}
		}
	}
	all, used := 0, 0
	opendata.EachRow(t, filepath.Join(dir, "CHARTEVENTS.csv.gz"), func(row func(string) string) {
		if ready[row("itemid")] {
			all++
			if sent["CHARTEVENTS:"+row("row_id")] {
				used++
			}
		}
	})
	if t.Logf("%d of %d CHARTEVENTS rows of ready items are used", used, all); all != 85_357 || used < 83_000 {
		t.Errorf("%d of %d rows are used, want at least 83,000 of 85,357", used, all)
	}
	rows := s.Rows()
	if rows.Read != rows.Used+rows.Unmapped+rows.Duplicate+rows.Rejected {
		t.Errorf("rows do not add up: %+v", rows)
	}
	labs, labUsed := 0, 0
	opendata.EachRow(t, filepath.Join(dir, "LABEVENTS.csv.gz"), func(row func(string) string) {
		item, _ := strconv.ParseInt(row("itemid"), 10, 64)
		if editionIII.items.find(labEvents, item) == nil {
			return
		}
		labs++
		if sent["LABEVENTS:"+row("row_id")] {
			labUsed++
		}
	})
	t.Logf("%d of %d LABEVENTS rows of table items are used; in all tables duplicate %d, rejected %v", labUsed, labs, rows.Duplicate, rows.RejectedBy)
	if bad := rows.RejectedBy[schemas.Unreadable] + rows.RejectedBy[schemas.BadUnit]; bad > 0 {
		t.Errorf("%d rows are unreadable or of a unit without conversion", bad)
	}
	if labUsed < labs/3 {
		t.Errorf("only %d of %d laboratory rows are used", labUsed, labs)
	}
}
