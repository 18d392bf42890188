package alerts

import (
	"testing"

	"github.com/vigil-icu/vigil/fusion"
)

// The shipped policy alerts by the shipped model where the model's own file says, which was
// chosen for a rate of alarms.
func TestThePolicyHasTheModelsThresholds(t *testing.T) {
	task := fusion.Shipped().Config().Tasks[0]
	for _, r := range DefaultPolicy().Rules {
		if r.Task != task.Name {
			continue
		}
		if len(r.Levels) != len(task.Thresholds) {
			t.Fatalf("%d levels, the model has %d", len(r.Levels), len(task.Thresholds))
		}
		for i, l := range r.Levels {
			if want := task.Thresholds[i]; l.Severity != want.Severity || l.At != float32(want.At) || l.Clear != float32(want.Clear) {
				t.Errorf("level %+v, the model has %+v: write its thresholds into policy.yaml", l, want)
			}
		}
		return
	}
	t.Errorf("no rule for %s", task.Name)
}
