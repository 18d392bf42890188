package bedside_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/schemas"
)

// A unit sees a score and the alert that followed it, and is drawn. The escape sequences of a
// terminal are taken out.
func ExampleUnit_Draw() {
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
	var picture strings.Builder
	unit.Draw(&picture, "Vigil, "+schemas.Notice, "", 120, 20)
	for line := range strings.Lines(picture.String()) {
		line, _, _ = strings.Cut(line, "\x1b")
		fmt.Println(strings.TrimRight(line, " "))
	}
	fmt.Println(bedside.AlertLine(&alert))
	// Output:
	// Vigil, research software, not a medical device
	//
	// unit time 2030-01-01 08:00:00   scores 1   alerts started 1
	//
	// Bed    Patient              HR     SpO2       RR      SBP     Temp NEWS2 Risk* Open alerts
	// —      ward:7          131  1m        —        —        —        — 7?    —     *** NEWS2 7, at or above 7 since 08:00
	//
	// * death in hospital, by an untrained model: means nothing, raises no alert
	//
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
