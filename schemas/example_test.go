package schemas_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
)

// A monitor sends two values, of which one is in no unit that a heart has. The good one
// goes on; the other becomes a dead letter that says how to mend it.
func Example() {
	m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte("site:42"), Value: []byte(`{
		"patient": "site:42", "source": "gateway", "seq": 7, "event_time": "2026-01-31T08:15:00.000Z",
		"observations": [
			{"channel": "temperature", "value": 100.4, "unit": "degF"},
			{"channel": "heart_rate", "value": 93, "unit": "mmHg"}
		]}`)}
	event, problem := schemas.DecodeEvent(&m)
	if problem != nil {
		fmt.Println(problem)
		return
	}
	observations, problems := event.Vitals.Resolve(event.EventTime, nil)
	for _, o := range observations {
		channel := o.Channel.Info()
		fmt.Printf("%s %.1f %s\n", channel.Name, o.Value, channel.Unit)
	}
	for _, p := range problems {
		fmt.Println(p.Reason, "at", p.Field, "found", p.Found)
	}
	// Output:
	// temperature 38.0 Cel
	// bad_unit at observations[1].unit found "mmHg"
}

// What is wrong with a message as a whole is said by the reason, the field, and what was
// expected there.
func ExampleDecodeEvent() {
	m := schemas.Message{Topic: schemas.TopicVitals, Key: []byte("site:43"), Value: []byte(`{"patient": "site:42", "source": "gateway"}`)}
	_, problem := schemas.DecodeEvent(&m)
	fmt.Println(problem)
	// Output: bad_key: key: found "site:43", expected the body's patient "site:42"
}
