package sinks

import (
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// someNotices are revisions of all kinds, phases and severities, of patients with names that no format likes.
func someNotices() (list []Notice) {
	told := schemas.Time(1767225700000)
	add := func(id, kind, task, patient string, value, limit float32, steps ...[3]string) {
		for i, s := range steps {
			told += 1500
			flags := []string{}
			if s[2] != "" {
				flags = append(flags, s[2])
			}
			list = append(list, Notice{Told: told, Alert: schemas.Alert{
				ID: id, Revision: i, N: uint64(i + 1), Phase: schemas.Phase(s[0]), Kind: kind, Task: task, Severity: s[1], Patient: patient, Stay: "9|1",
				AsOf: 1767225600000 + schemas.Time(i)*schemas.Minute, Value: value, Threshold: limit, Model: "86d1cf01ec2b", Policy: "0a1b", Flags: flags,
				Reason: "risk of mortality 0.828 | at ^or~above \\ 0.59 & \"rising\"\nsince 00:07 <1h> ü",
			}})
		}
	}
	add("3f9a1c20b7d43f9a1c20b7d43f9a1c20b7d43f9a1c20b7d43f9a1c20b7d43f9a", alerts.KindRisk, "mortality", "site:42", 0.828, 0.59, [3]string{"start", "medium"}, [3]string{"escalate", "high"},
		[3]string{"update", "high", alerts.FlagAcknowledged}, [3]string{"update", "high", alerts.FlagSnoozed}, [3]string{"reset", "high"}, [3]string{"continue", "high"}, [3]string{"deescalate", "medium"}, [3]string{"end", "medium", alerts.FlagStayEnded}, [3]string{"update", "medium", alerts.FlagEnded})
	add("b8faddb0ab29", alerts.KindScore, alerts.TaskNEWS2, "site|2^x:4\\3&~", 7, 7, [3]string{"start", "high"}, [3]string{"update", "high", alerts.FlagPassedOn})
	add("0000000000aa", alerts.KindTechnical, alerts.TaskNoData, "site:44", 0, 0, [3]string{"start", "low"}, [3]string{"end", "low"})
	return append(list, TestNotices("ward", told.Std())...)
}

// A key is of one revision for ever, and what is made of it short is too.
func TestKeys(t *testing.T) {
	seen := map[string]bool{}
	for _, n := range someNotices() {
		for _, key := range []string{n.Key(), n.short(20), fullURL("Flag", &n), fullURL("Communication", &n)} {
			if seen[key] {
				t.Errorf("%s is of two notices", key)
			}
			seen[key] = true
		}
	}
}

// Somebody is called at a start, a rise, the end of a snooze and where the policy says it again, once for a patient.
func TestWhoIsCalled(t *testing.T) {
	for phase, want := range map[schemas.Phase]bool{
		schemas.PhaseStart: true, schemas.PhaseEscalate: true, schemas.PhaseReset: true, schemas.PhaseContinue: true,
		schemas.PhaseUpdate: false, schemas.PhaseDeescalate: false, schemas.PhaseEnd: false,
	} {
		n := Notice{Alert: schemas.Alert{Phase: phase}}
		if n.calls() != want {
			t.Errorf("%s calls: %v", phase, n.calls())
		}
		if n.Flags = []string{alerts.FlagGrouped}; n.calls() {
			t.Errorf("%s calls a second time for a patient", phase)
		}
	}
}
