package codes_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/schemas/codes"
)

// A laboratory that calls creatinine CREA and reports it in micromoles.
func ExampleParse() {
	own, rows, err := codes.Parse([]byte("version: 1\ncodes:\n  - {system: my-lab, code: CREA, channel: creatinine, unit: umol/L}\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	row, ok := own.Find("my-lab", "CREA")
	fmt.Println(len(rows), ok, row.Channel.Info().Name, row.Unit)
	_, _, err = codes.Parse([]byte("version: 1\ncodes:\n  - {system: my-lab, code: CREA, channel: creatinin}\n"))
	fmt.Println(err)
	// Output:
	// 1 true creatinine umol/L
	// codes: line 3: codes[0]: there is no channel "creatinin"; did you mean creatinine?
}
