package alerts_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

func Example() {
	var readings alerts.Readings
	readings[alerts.RespiratoryRate] = alerts.Reading{Known: true, Value: 26}
	readings[alerts.SpO2] = alerts.Reading{Known: true, Value: 91}
	readings[alerts.OxygenFlow] = alerts.Reading{Known: true, Value: 4}
	var news2 schemas.NEWS2
	points := alerts.NEWS2(&readings, false, &news2)
	fmt.Println(news2.Value, news2.Missing)

	policy := alerts.DefaultPolicy()
	var state alerts.State
	admitted, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	policy.Step(&state, alerts.Event{Kind: alerts.Opened, At: admitted, Patient: "ward:7", Stay: "S1"}, nil)
	changes := policy.Step(&state, alerts.Event{
		Kind: alerts.Scored, At: admitted + 5*schemas.Minute,
		Score: &alerts.Score{ID: "first", NEWS2: news2.Value, Points: points, Partial: news2.Partial},
	}, nil)
	for _, a := range changes {
		fmt.Println(a.AsOf, a.Phase, a.Severity, a.Reason)
	}
	// Output:
	// 8 [systolic heart_rate consciousness temperature]
	// 2030-01-01T08:05:00.000Z start high NEWS2 8, at or above 7: respiratory rate 3, SpO2 3, oxygen 2; not known: systolic pressure, heart rate, consciousness, temperature
}
