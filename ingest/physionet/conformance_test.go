package physionet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/source/sourcetest"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// invented are the records of a few stays, two days of a pulse and a pH each, with a
// parameter that no channel has.
func invented() map[string]string {
	files := map[string]string{}
	for i := range 5 {
		var b strings.Builder
		fmt.Fprintf(&b, head+"00:00,RecordID,%d\n00:00,Age,%d\n00:00,Gender,1\n00:00,Height,170\n00:00,ICUType,%d\n00:00,Weight,80\n", 1000+i, 50+i, 1+i%4)
		for minute := 0; minute <= 48*60; minute += 15 {
			fmt.Fprintf(&b, "%02d:%02d,HR,%d\n", minute/60, minute%60, 70+(minute/15+i)%9)
		}
		fmt.Fprintf(&b, "06:00,pH,7.3%d\n06:30,MechVentSetting,1\n07:00,pH,-1\n", i)
		files[fmt.Sprintf("%d.txt", 1000+i)] = b.String()
	}
	return files
}

func TestConforms(t *testing.T) {
	whole := folder(t, invented())
	// open writes the records, changed, as an archive whose order is not that of their names.
	open := func(dir string, change func(files map[string]string)) (source.Source, error) {
		files := invented()
		change(files)
		var names []string
		for name := range files {
			names = append(names, name)
		}
		slices.Sort(names)
		slices.Reverse(names)
		path := filepath.Join(dir, "set-x.tar.gz")
		if err := os.WriteFile(path, archive(t, names, files), 0o644); err != nil {
			return nil, err
		}
		return Open(path)
	}
	sourcetest.Run(t, sourcetest.Subject{
		Open: func() (source.Source, error) { return Open(whole) },
		Changed: func(dir string) (source.Source, error) {
			return open(dir, func(files map[string]string) {
				files["1003.txt"] = strings.Replace(files["1003.txt"], "06:00,pH,7.33", "06:00,pH,7.32", 1)
			})
		},
		Reordered: func(dir string) (source.Source, error) { return open(dir, func(map[string]string) {}) },
		Damaged: func(dir string) (source.Source, map[schemas.Reason]int, error) {
			added := map[schemas.Reason]int{schemas.Unreadable: 4, schemas.NoValue: 2, schemas.OutsideStay: 1, schemas.Implausible: 1}
			s, err := open(dir, func(files map[string]string) {
				files["1002.txt"] += "torn\n25:61,HR,70\n01:00,HR,8o\n01:00,HR,\xff\n01:00,HR,\n01:00,,7\n48:01,HR,70\n01:00,HR,9000\n"
			})
			return s, added, err
		},
		Held: 1 << 20,
	})
}

// A set is 4,000 patients, of which one at a time is held. What is changed and damaged is
// shown on invented records.
func TestConformsOnASet(t *testing.T) {
	if testing.Short() {
		t.Skip("reads a set some ten times: left out with -short")
	}
	path := filepath.Join(opendata.Dir(t), "physionet2012", "set-a.tar.gz")
	sourcetest.Run(t, sourcetest.Subject{
		Open: func() (source.Source, error) { return Open(path) },
		Held: 2 << 20,
	})
}
