package evaluate_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts/evaluate"
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
