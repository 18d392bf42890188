package schemas

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// ofRow resolves a row of a MIMIC table through the channel table: its code, its
// number or text, its unit.
func ofRow(system, item, number, text, unit string) (Channel, Reason) {
	c, implied, ok := ChannelByCode(system, item)
	if !ok {
		return 0, UnknownChannel
	}
	v, err := strconv.ParseFloat(number, 64)
	value, _, ok := c.Read(v, err == nil, text)
	if !ok {
		return c, NoValue
	}
	if id, _ := strconv.Atoi(item); unit == "" || Mislabelled(id, unit) {
		unit = implied
	}
	if _, _, p := c.Convert(value, strings.TrimSpace(unit)); p != nil {
		return c, p.Reason
	}
	return c, ""
}

// readyItems are the items that the public 17-variable benchmark map marks as
// ready to use, by table.
func readyItems(t testing.TB, dir string) map[string]string {
	ready := map[string]string{}
	opendata.EachRow(t, filepath.Join(dir, "mappings", "itemid_to_variable_map.csv.gz"), func(field func(string) string) {
		if field("status") == "ready" {
			ready[field("itemid")] = field("linksto")
		}
	})
	return ready
}

func TestBenchmarkItemsHaveChannels(t *testing.T) {
	ready := readyItems(t, opendata.Dir(t))
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
	dir := opendata.Dir(t)
	ready := readyItems(t, dir)
	rows, reasons := 0, map[Reason]int{}
	opendata.EachRow(t, filepath.Join(dir, "mimic-iii-demo", "CHARTEVENTS.csv.gz"), func(field func(string) string) {
		if ready[field("itemid")] != "chartevents" {
			return
		}
		rows++
		reason := MarkedWrong
		if field("error") != "1" {
			_, reason = ofRow("mimic-iii", field("itemid"), field("valuenum"), field("value"), field("valueuom"))
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
	for _, table := range []struct {
		system, name, number, text, unit string
		used                             int
	}{
		{"mimic-iii", "CHARTEVENTS", "valuenum", "value", "valueuom", 120_000},
		{"mimic-iii", "LABEVENTS", "valuenum", "value", "valueuom", 43_500},
		{"mimic-iii", "OUTPUTEVENTS", "value", "value", "valueuom", 7_000},
		{"mimic-iii", "INPUTEVENTS_CV", "", "", "", 15_000},
		{"mimic-iii", "INPUTEVENTS_MV", "", "", "", 5_500},
		{"mimic-iv", "icu/chartevents", "valuenum", "value", "valueuom", 142_000},
		{"mimic-iv", "hosp/labevents", "valuenum", "value", "valueuom", 79_000},
		{"mimic-iv", "icu/outputevents", "value", "value", "valueuom", 8_800},
		{"mimic-iv", "icu/inputevents", "", "", "", 13_000},
	} {
		reasons := map[Reason]int{}
		left := map[string]int{}
		path := filepath.Join(opendata.Dir(t), table.system+"-demo", table.name+".csv.gz")
		opendata.EachRow(t, path, func(field func(string) string) {
			item := field("itemid")
			var number, text, unit string
			if table.number != "" {
				number, text, unit = field(table.number), field(table.text), field(table.unit)
			} else if c, _, _ := ChannelByCode(table.system, item); c.Info().Group == "fluid" {
				number, unit = field("amount"), field("amountuom")
			} else {
				number, unit = field("rate"), field("rateuom")
			}
			if item == "223849" && text == "" {
				return // the demo of MIMIC-IV lost the words of the ventilator's mode
			}
			c, reason := ofRow(table.system, item, number, text, unit)
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
