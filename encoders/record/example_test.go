package record_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// One bad value of a message leaves the others: a record and a problem.
func ExampleEncoder_Record() {
	m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte("site:42"), Value: []byte(
		`{"patient":"site:42","source":"gateway","seq":1,"event_time":"2026-01-01T08:00:00Z","values":{"heart_rate":93,"temperature":370}}`)}
	event, _ := schemas.DecodeEvent(&m)
	made, problems := new(record.Encoder).Record(event, &m, event.EventTime)
	fmt.Println(made.Observations[0].Channel.Info().Name, made.Observations[0].Value)
	fmt.Println(problems[0].Reason, problems[0].Field, problems[0].Expected)
	// Output:
	// heart_rate 93
	// implausible values.temperature 14.2 to 47 Cel
}
