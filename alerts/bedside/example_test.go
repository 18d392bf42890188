package bedside_test

import (
	"encoding/json"
	"fmt"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/schemas"
)

// A unit sees a score and the alert that followed it, and is drawn.
func ExampleUnit_Frame() {
	at, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	score := schemas.Score{
		ID: "one", N: 1, Patient: "ward:7", Stay: "S1", AsOf: at,
		NEWS2: schemas.NEWS2{Value: 7, Partial: true, Inputs: []schemas.NEWS2Input{
			{Component: "heart_rate", Channel: "heart_rate", Value: 131, EventTime: at - 90*schemas.Second, Points: 3},
		}},
	}
	alert := schemas.Alert{
		ID: "two", N: 2, Phase: schemas.PhaseStart, Task: "news2", Severity: "high", Patient: "ward:7", Stay: "S1",
		AsOf: at, Reason: "NEWS2 7, at or above 7",
	}

	unit := bedside.NewUnit()
	unit.See(message(schemas.TypeScore, score))
	unit.See(message(schemas.TypeAlert, alert))
	fmt.Print(unit.Frame(bedside.View{Title: "ward 7"}, 100, 20))
	fmt.Println(bedside.AlertLine(&alert))
	// Output:
	// Vigil  ward 7                                                research software, not a medical device
	// 1 bed, 1 alert open: 1 high                                          2030-01-01 08:00:00 in the unit
	//   Bed Patient NEWS2 Risk*  HR     SpO2     RR     SBP     Temp
	//   —   ward:7     7?     — 131  1m   —      —       —        —
	//   *** HIGH   NEWS2 7, at or above 7, since 08:00 (0s)
	// 1 score; alerts: 1 started, 0 ended; 0 dead letters
	// * no model: NEWS2 alone
	// 2030-01-01T08:00:00.000Z *** start      ward:7 news2: NEWS2 7, at or above 7
}

// message is a record of a topic as a subscriber gets it.
func message(kind string, body any) *schemas.Message {
	b, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return &schemas.Message{Headers: []schemas.Header{{Key: schemas.HeaderType, Value: kind}}, Value: b}
}
