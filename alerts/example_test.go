package alerts_test

import (
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

func Example() {
	admitted, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	var readings alerts.Readings
	readings[alerts.RespiratoryRate] = alerts.Reading{Known: true, Value: 26, EventTime: admitted}
	readings[alerts.SpO2] = alerts.Reading{Known: true, Value: 91, EventTime: admitted}
	readings[alerts.OxygenFlow] = alerts.Reading{Known: true, Value: 4, EventTime: admitted}
	var news2 schemas.NEWS2
	standing := alerts.NEWS2(&readings, false, &news2)
	fmt.Println(news2.Value, news2.Missing)

	policy := alerts.DefaultPolicy()
	var state alerts.State
	policy.Step(&state, alerts.Event{Kind: alerts.Opened, At: admitted, Patient: "ward:7", Stay: "S1"}, nil)
	changes := policy.Step(&state, alerts.Event{
		Kind: alerts.Scored, At: admitted + 5*schemas.Minute,
		Score: &alerts.Score{ID: "first", NEWS2: news2.Value, Standing: standing, Partial: news2.Partial},
	}, nil)
	for _, a := range changes {
		fmt.Println(a.AsOf, a.Phase, a.Severity, a.Reason)
	}
	// Output:
	// 8 [systolic heart_rate consciousness temperature]
	// 2030-01-01T08:05:00.000Z start high NEWS2 8, at or above 7: respiratory rate 3, SpO2 3, oxygen 2; not known: systolic pressure, heart rate, consciousness, temperature
}

// A patient on the chart's second SpO2 scale breathes air at a saturation of 88 %, which is
// the target of that scale and 3 points on the first.
func ExampleNEWS2() {
	var readings alerts.Readings
	readings[alerts.SpO2] = alerts.Reading{Known: true, Value: 88}
	readings[alerts.FiO2] = alerts.Reading{Known: true, Value: 0.21}
	for _, scale2 := range []bool{false, true} {
		var score schemas.NEWS2
		standing := alerts.NEWS2(&readings, scale2, &score)
		fmt.Println(score.Value, standing.Points[alerts.ComponentSpO2], score.Partial)
	}
	// Output:
	// 3 3 true
	// 0 0 true
}

// A policy that no bedside should have is refused with the place and what is wanted.
func ExampleParsePolicy() {
	_, err := alerts.ParsePolicy([]byte(`
version: 1
rules:
  - task: news2
    kind: score
    levels:
      - {severity: high, at: 7, clear: 8}
`))
	fmt.Println(err)
	// Output:
	// policy: line 4: rules[0] (task "news2"): levels[0]: clear 8: want above 0 and at most at (7): the alert ends below it
}

// Time alone starts the alert for silence, at the time that Due names.
func ExamplePolicy_Due() {
	policy := alerts.DefaultPolicy()
	var state alerts.State
	admitted, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	policy.Step(&state, alerts.Event{Kind: alerts.Opened, At: admitted, Patient: "ward:7", Stay: "S1"}, nil)

	due := policy.Due(&state)
	fmt.Println(time.Duration(due-admitted) * time.Millisecond)
	for _, a := range policy.Step(&state, alerts.Event{Kind: alerts.Advance, At: due}, nil) {
		fmt.Println(a.Phase, a.Kind, a.Reason)
	}
	// Output:
	// 4h0m0s
	// start technical no data for 4 h
}

// A recorded score is tried on a policy: its points are found in its inputs.
func ExampleScoreOf() {
	recorded := &schemas.Score{
		ID:    "first",
		NEWS2: schemas.NEWS2{Value: 3, Inputs: []schemas.NEWS2Input{{Component: "spo2", Value: 91, Points: 3}}},
	}
	score := alerts.ScoreOf(recorded)
	fmt.Println(score.NEWS2, score.Standing.Points[alerts.ComponentSpO2])
	// Output:
	// 3 3
}
