package score

import (
	"math"
	"testing"
)

// One alarm from where the risk reaches the threshold until it is below the end, however long
// that is.
func TestAlarms(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		course []float32
		want   int
	}{
		{nil, 0}, {[]float32{0.4, 0.49}, 0}, {[]float32{0.5, 0.5, 0.9}, 1}, {[]float32{0.5, 0.45, 0.5}, 1}, {[]float32{0.5, 0.39, 0.5}, 2},
		{[]float32{0.5, nan, 0.5, 0.3, nan, 0.6}, 2},
	} {
		if got := Alarms(c.course, 0.5, 0.4); got != c.want {
			t.Errorf("%v: %d alarms, want %d", c.course, got, c.want)
		}
	}
	if got := AlarmRate([][]float32{{0.6, 0.1, 0.6}, {0.1}}, 0.5, 0.4); got != 12 {
		t.Errorf("two alarms in four hours: %v in a patient-day, want 12", got)
	}
	if !math.IsNaN(AlarmRate(nil, 0.5, 0.4)) {
		t.Error("nothing has no rate")
	}
}
