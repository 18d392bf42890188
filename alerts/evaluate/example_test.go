package evaluate_test

import (
	"fmt"
	"os"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// The same outputs have one digest in whatever order they were read and their keys stand.
func ExampleDigest() {
	score := evaluate.Output{Topic: schemas.TopicScores, Patient: "ward:7", Stay: "S1", N: 1, Body: []byte(`{"n":1,"news2":{"value":7}}`)}
	alert := evaluate.Output{Topic: schemas.TopicAlerts, Patient: "ward:7", Stay: "S1", N: 2, Body: []byte(`{"n":2,"phase":"start"}`)}
	turned := alert
	turned.Body = []byte(`{"phase":"start","n":2}`)

	one, _ := evaluate.Digest([]evaluate.Output{score, alert})
	two, _ := evaluate.Digest([]evaluate.Output{turned, score})
	lost, _ := evaluate.Digest([]evaluate.Output{score})
	fmt.Println(one)
	fmt.Println(one == two, one == lost)
	// Output:
	// sha256:081856f0c9b2619f222f96af04840ca9083125050b7003eb7994fbc3bd789e73
	// true false
}

func ExampleQuantile() {
	latencies := []int64{3, 4, 4, 5, 90}
	fmt.Println(evaluate.Quantile(latencies, 0.5), evaluate.Quantile(latencies, 0.99), evaluate.Quantile(nil, 0.5))
	// Output:
	// 4 90 0
}

// What of a recorded source has no channel is told in one line, and code by code on request.
func ExampleSayUnmapped() {
	rows := source.RowCount{Read: 100, Unmapped: 17, UnmappedCodes: []source.CodeCount{{Code: "227969", Label: "Safety Measures", Count: 12}, {Code: "9", Label: "Turn", Count: 5}}}
	evaluate.SayUnmapped(os.Stdout, rows, false)
	evaluate.SayUnmapped(os.Stdout, rows, true)
	// Output:
	// 17 of 100 rows have a code without a channel: --unmapped lists the commonest
	// 17 of 100 rows have a code without a channel; the 2 commonest:
	//   rows    code  label
	//     12  227969  Safety Measures
	//      5       9  Turn
}

// A run in words.
func ExampleSummary_Words() {
	first := int64(2312)
	s := evaluate.Summary{
		Events:   evaluate.Events{Published: 110, Logged: 104, Duplicate: 5, DeadLetters: 1, DeadLettersByReason: map[string]int{"implausible": 1, "unknown_channel": 3}},
		Patients: 12, Scores: 90, Alerts: map[string]int{"start": 9, "update": 4, "end": 7}, FirstAlertMS: &first,
	}
	fmt.Print(s.Words())
	// Output:
	// In: 110 messages of 12 patients, 104 logged, 5 repeated, 1 refused.
	// Dead letters: 4 (3 unknown_channel, 1 implausible).
	// Out: 90 scores; alerts: 9 started, 7 ended; the first alert after 2.3s.
}
