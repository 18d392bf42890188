package record_test

import (
	"fmt"
	"testing"

	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/schemas"
)

// A message at the limit of a channel and hour goes in whole; of one beyond it the newest
// stay, and the rest is a dead letter.
func TestLimitOfAnHourInAMessage(t *testing.T) {
	for _, over := range []int{0, 1} {
		list := []schemas.VitalsObservation{rate("61", -2*schemas.Hour, "")}
		for i := range schemas.MaxHourValues + over {
			list = append(list, rate("60", schemas.Time(i)-schemas.Hour, ""))
		}
		r, problems := vital(t, &record.Encoder{}, list...)
		if r == nil || len(r.Observations) != 1+schemas.MaxHourValues || len(problems) != over {
			t.Fatalf("%d beyond: kept %d, problems %v", over, len(r.Observations), problems)
		}
		if r.Observations[0].Value != 61 || r.Observations[1].EventTime != arrived-schemas.Hour+schemas.Time(over) {
			t.Errorf("%d beyond: the first are %+v", over, r.Observations[:2])
		}
		for _, p := range problems {
			if p.Reason != schemas.TooMany {
				t.Error(p)
			}
		}
	}
}

// A site's limit of an hour holds within a message too, and that of devices: one beyond it has all
// clocks measured anew, which is counted.
func TestLimitsOfASite(t *testing.T) {
	var limits schemas.Limits
	for _, text := range []string{"hour-values=60", "devices=16"} {
		if err := limits.Set(text); err != nil {
			t.Fatal(err)
		}
	}
	for _, over := range []int{0, 1} {
		var list []schemas.VitalsObservation
		for i := range 60 + over {
			list = append(list, rate("60", schemas.Time(i)-schemas.Hour, ""))
		}
		if r, problems := vital(t, &record.Encoder{Limits: &limits}, list...); r == nil || len(r.Observations) != 60 || len(problems) != over {
			t.Errorf("%d beyond: %d problems", over, len(problems))
		}
	}
	e := &record.Encoder{Limits: &limits, Clocks: record.NewClocks(&limits)}
	reader := schemas.NewShortReader()
	for i := range 17 {
		m := &schemas.Message{Topic: schemas.TopicVitals, Key: fmt.Appendf(nil, "d:%d", i),
			Value: fmt.Appendf(nil, `{"patient":"d:%d","source":"gw","event_time":%q,"values":{"heart_rate":80}}`, i, arrived)}
		if n := e.Clocks.Anew(); n != 0 {
			t.Errorf("%d devices: measured anew %d times", i, n)
		}
		if !e.RecordShort(reader, m, arrived, new(schemas.Record)) {
			t.Fatal("not a short message")
		}
	}
	if n := e.Clocks.Anew(); n != 1 {
		t.Errorf("17 devices: measured anew %d times, want once", n)
	}
}
