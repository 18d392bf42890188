package record_test

import (
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
