package physionet_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/vigil-icu/vigil/ingest/physionet"
)

// A folder of records is played as any other source.
func Example() {
	dir, err := os.MkdirTemp("", "records")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	text := "Time,Parameter,Value\n00:00,RecordID,1\n00:00,Age,54\n00:00,ICUType,4\n00:07,HR,73\n00:07,pH,735\n10:45,,1.9\n"
	if err := os.WriteFile(filepath.Join(dir, "1.txt"), []byte(text), 0o644); err != nil {
		panic(err)
	}
	s, err := physionet.Open(dir)
	if err != nil {
		panic(err)
	}
	for p, err := range s.Patients(context.Background()) {
		if err != nil {
			panic(err)
		}
		for _, e := range p.Events {
			switch {
			case e.ADT != nil:
				fmt.Println(p.ID, e.AvailableTime, e.ADT.Type, e.ADT.Unit)
			default:
				o := e.Vitals.Observations[0]
				fmt.Println(p.ID, e.AvailableTime, o.Channel, *o.Value, o.Ref)
			}
		}
	}
	rows := s.Rows()
	fmt.Println(rows.Read, rows.Used, rows.RejectedBy)
	// Output:
	// physionet2012:1 2012-01-01T00:00:00.000Z admit SICU
	// physionet2012:1 2012-01-01T00:21:00.000Z heart_rate 73 1:5
	// physionet2012:1 2012-01-01T01:12:00.000Z ph 7.35 1:6
	// physionet2012:1 2012-01-03T00:00:00.000Z discharge SICU
	// 6 5 map[no_value:1]
}
