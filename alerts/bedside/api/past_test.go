package api

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
)

// The unit is told as it was known at a moment: beds, scores and alerts of then, and nobody whom the reader may not see.
func TestUnitAsOfAMoment(t *testing.T) {
	w := newWorld(t, testTokens(t))
	w.open()
	move := func(patient, unit string, at, available schemas.Time) {
		w.event(schemas.Event{Topic: schemas.TopicADT, Patient: patient, Source: "his", EventTime: at, AvailableTime: available, ADT: &schemas.ADT{Head: schemas.Head{EventTime: &at}, Type: "transfer", Stay: "s" + patient, Unit: unit, Bed: unit + "-9"}})
	}
	w.event(schemas.Event{Topic: schemas.TopicADT, Patient: "h:3", Source: "his", EventTime: start, ADT: &schemas.ADT{Type: "admit", Stay: "sh:3", Unit: "A", Bed: "A-3"}})
	w.score("h:3", start+schemas.Minute, 0.4)
	w.score("h:1", start+10*schemas.Minute, 0.75)
	w.alert("h:1", "alert-A", 2, schemas.PhaseEnd, start+10*schemas.Minute)
	w.alert("h:1", "later", 1, schemas.PhaseStart, start+20*schemas.Minute)
	move("h:1", "A", start+5*schemas.Minute, start+25*schemas.Minute) // told late
	w.score("h:1", start+30*schemas.Minute, 0.8)
	move("h:3", "B", start+15*schemas.Minute, start+15*schemas.Minute)
	w.score("h:3", start+16*schemas.Minute, 0.5)
	w.until(func() bool {
		line, _ := w.service.live.unit.Line("h:3")
		one, _ := w.service.live.unit.Line("h:1")
		return line.Unit == "B" && one.Bed == "A-9" && w.service.live.unit.Counts().Scores == 6
	})
	told := func(who string, minutes int) string {
		query := "?as_of=" + (start + schemas.Time(minutes)*schemas.Minute).String()
		status, answer := w.ask("GET", Base+"/unit"+query, who, "")
		var u Unit
		if err := json.Unmarshal(answer, &u); err != nil || status != 200 {
			t.Fatalf("%d %v: %s", status, err, answer)
		}
		text := ""
		for _, b := range u.Beds {
			text += fmt.Sprintf("%s %.2f %d open; ", b.Bed, b.Risk.Value, len(b.Alerts))
			if b.Now != u.AsOf {
				t.Errorf("bed %s is told at %s, want %s", b.Bed, b.Now, u.AsOf)
			}
		}
		for _, a := range u.Alerts {
			text += fmt.Sprintf("%s %t; ", a.ID, a.Open)
		}
		return text
	}
	for _, c := range []struct {
		who     string
		minutes int
		want    string
	}{
		{"viewer", 0, ""},
		{"viewer", 2, "A-1 0.25 1 open; B-1 0.25 1 open; A-3 0.40 0 open; alert-A true; alert-B true; "},
		{"viewer", 12, "B-1 0.25 1 open; A-1 0.75 0 open; A-3 0.40 0 open; alert-A false; alert-B true; "},
		{"viewer", 22, "A-1 0.75 1 open; B-1 0.25 1 open; B-9 0.50 0 open; later true; alert-A false; alert-B true; "},
		{"viewer", 40, "A-9 0.80 1 open; B-1 0.25 1 open; B-9 0.50 0 open; later true; alert-A false; alert-B true; "},
		{"viewerA", 12, "A-1 0.75 0 open; alert-A false; "}, // h:3 was in A then and is in B now
		{"viewerB", 12, "B-1 0.25 1 open; alert-B true; "},
	} {
		if got := told(c.who, c.minutes); got != c.want {
			t.Errorf("%s after %d minutes:\n got %q\nwant %q", c.who, c.minutes, got, c.want)
		}
	}
	if status, answer := w.ask("GET", Base+"/unit?as_of=yesterday", "viewer", ""); status != 400 {
		t.Errorf("%d %s", status, answer)
	}
}
