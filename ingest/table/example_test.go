package table_test

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/vigil-icu/vigil/ingest/table"
)

// A small table: a quoted field, a torn row that is told and passed over, a number.
func Example() {
	r, err := table.NewReader("CHART.csv", strings.NewReader("ROW_ID,VALUE\n1,\"4, spontaneously\"\ntorn\n2,37.5\n"))
	if err != nil {
		panic(err)
	}
	at, err := r.Columns("value")
	if err != nil {
		panic(err)
	}
	for {
		row, err := r.Next()
		var torn *table.RowError
		switch {
		case errors.As(err, &torn):
			fmt.Println(torn)
		case errors.Is(err, io.EOF):
			return
		case err != nil:
			panic(err)
		default:
			number, ok := table.Float(row[at[0]])
			fmt.Printf("line %d: %s %v %v\n", r.Line(), row[at[0]], number, ok)
		}
	}
	// Output:
	// line 2: 4, spontaneously 0 false
	// CHART.csv line 3: 1 fields, the header has 2
	// line 4: 37.5 37.5 true
}
