package sinks_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts/sinks"
)

// A slip in the file of sinks is told with its line and what was probably meant.
func ExampleParse() {
	_, err := sinks.Parse([]byte(`
version: 1
sinks:
  - name: ward-fhir
    fhir: {url: "https://fhir.hospital.example/r4", tokenfile: /etc/vigil/token}
`))
	fmt.Println(err)
	c, err := sinks.Parse([]byte(`
version: 1
sinks:
  - name: ward-fhir
    dead_letter_after: 12h
    fhir: {url: "https://fhir.hospital.example/r4", token_file: /etc/vigil/token}
`))
	fmt.Println(c.Sinks[0].Name, c.Sinks[0].Kind(), c.Sinks[0].DeadLetterAfter, err)
	// Output:
	// line 5: there is no key "tokenfile" here; did you mean "token_file"?
	// ward-fhir fhir 12h0m0s <nil>
}
