package schemas

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// dataDir returns VIGIL_DATA, by default ../shared/data beside the repository.
func dataDir(t testing.TB) string {
	dir := os.Getenv("VIGIL_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "shared", "data")
	}
	if _, err := os.Stat(dir); err != nil {
		t.Skipf("no open data at %s: set VIGIL_DATA to its folder", dir)
	}
	return dir
}

// eachRow reads a CSV file with a header, gzipped by its name; row gives a field
// by the name of its column.
func eachRow(t testing.TB, path string, row func(field func(string) string)) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var in io.Reader = f
	if filepath.Ext(path) == ".gz" {
		if in, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	names, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	at := make(map[string]int, len(names))
	for i, name := range names {
		at[name] = i
	}
	var fields []string
	get := func(name string) string {
		i, ok := at[name]
		if !ok {
			t.Fatalf("%s has no column %s", path, name)
		}
		return fields[i]
	}
	for {
		if fields, err = r.Read(); errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		row(get)
	}
}

// ofRow resolves a row of a MIMIC table through the channel table: its code, its
// number or text, its unit.
func ofRow(item, number, text, unit string) (Channel, Reason) {
	c, implied, ok := ChannelByCode("mimic-iii", item)
	if !ok {
		return 0, UnknownChannel
	}
	v, err := strconv.ParseFloat(number, 64)
	value, _, ok := c.Read(v, err == nil, text)
	if !ok {
		return c, NoValue
	}
	if unit == "" {
		unit = implied
	}
	if _, p := c.Convert(value, strings.TrimSpace(unit)); p != nil {
		return c, p.Reason
	}
	return c, ""
}

// readyItems are the items that the public 17-variable benchmark map marks as
// ready to use, by table.
func readyItems(t testing.TB, dir string) map[string]string {
	ready := map[string]string{}
	eachRow(t, filepath.Join(dir, "mappings", "itemid_to_variable_map.csv.gz"), func(field func(string) string) {
		if field("STATUS") == "ready" {
			ready[field("ITEMID")] = field("LINKSTO")
		}
	})
	return ready
}

func TestBenchmarkItemsHaveChannels(t *testing.T) {
	ready := readyItems(t, dataDir(t))
	if len(ready) != 114 {
		t.Fatalf("%d ready items, want 114", len(ready))
	}
	for item, table := range ready {
		if _, _, ok := ChannelByCode("mimic-iii", item); !ok {
			t.Errorf("item %s of %s has no channel", item, table)
		}
	}
}

func TestBenchmarkRowsAreUsed(t *testing.T) {
	dir := dataDir(t)
	ready := readyItems(t, dir)
	rows, reasons := 0, map[Reason]int{}
	eachRow(t, filepath.Join(dir, "mimic-iii-demo", "CHARTEVENTS.csv.gz"), func(field func(string) string) {
		if ready[field("itemid")] != "chartevents" {
			return
		}
		rows++
		reason := MarkedWrong
		if field("error") != "1" {
			_, reason = ofRow(field("itemid"), field("valuenum"), field("value"), field("valueuom"))
		}
		reasons[reason]++
	})
	t.Logf("%d rows: %v", rows, reasons)
	if rows != 85357 {
		t.Fatalf("%d rows of ready items, want 85357", rows)
	}
	if reasons[""] < 85000 || reasons[BadUnit] > 0 || reasons[UnknownChannel] > 0 || reasons[Implausible] > 60 {
		t.Errorf("used %d, the rest %v", reasons[""], reasons)
	}
}

// Whatever a table item is charted with, its unit is known and its label is the
// channel's: what is left over is empty, a bound, or cannot be.
func TestMIMICRowsOfTheTable(t *testing.T) {
	dir := filepath.Join(dataDir(t), "mimic-iii-demo")
	for _, table := range []struct {
		name, number, text, unit string
		used                     int
	}{
		{"CHARTEVENTS", "valuenum", "value", "valueuom", 120_000},
		{"LABEVENTS", "valuenum", "value", "valueuom", 43_500},
		{"OUTPUTEVENTS", "value", "value", "valueuom", 7_000},
		{"INPUTEVENTS_CV", "", "", "", 15_000},
		{"INPUTEVENTS_MV", "", "", "", 5_500},
	} {
		reasons := map[Reason]int{}
		left := map[string]int{}
		eachRow(t, filepath.Join(dir, table.name+".csv.gz"), func(field func(string) string) {
			item := field("itemid")
			var number, text, unit string
			if table.number != "" {
				number, text, unit = field(table.number), field(table.text), field(table.unit)
			} else if c, _, _ := ChannelByCode("mimic-iii", item); c.Info().Group == "fluid" {
				number, unit = field("amount"), field("amountuom")
			} else {
				number, unit = field("rate"), field("rateuom")
			}
			c, reason := ofRow(item, number, text, unit)
			reasons[reason]++
			if reason == BadUnit || reason == Implausible {
				left[c.Info().Name+" "+item+" "+string(reason)+" "+number+" "+unit]++
			}
		})
		t.Logf("%s: %v", table.name, reasons)
		if reasons[BadUnit] > 0 || reasons[Implausible] > reasons[""]/200 || reasons[""] < table.used {
			t.Errorf("%s: %v, of these %v", table.name, reasons, left)
		}
	}
}
