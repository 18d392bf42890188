// Package policytest runs the tests that a site writes for its policy, in YAML: series of
// numbers in, the alerts that must follow out. It moves the policy by the same Step as the
// monitor does, so that what a test shows is what happens at the bedside.
//
//	version: 1
//	policy: policy.yaml            # beside this file; without it the shipped policy
//	tests:
//	  - name: a deterioration is told once
//	    every: 5m                  # between two numbers of a series
//	    unit: picu                 # where the patient lies, and who it is: see overrides in the policy
//	    patient: site:42
//	    series:
//	      news2: "2x3 8x5 _x2 3"   # 2 and three times more, 8 and five times more, two not measured, 3
//	      mortality: "0.1+0.05x10" # 0.1, and ten times 0.05 more
//	    events:
//	      - {at: 25m, do: acknowledge, task: news2}
//	      - {at: 30m, do: snooze, task: news2, for: 1h}
//	      - {at: 2h, do: move, unit: ward-3}   # also close: a person ends the alert
//	      - {at: 5h, do: discharge}
//	    alerts:
//	      - {at: 20m, task: news2, phase: start, severity: high}
//
// The notation of a series is that of promtool. A number of NEWS2 with "!" behind it, as 3!, has a single
// component of 3 points. Where all series have "_" nothing comes, and the alert for missing data may start.
// Where only some have it, a risk is not given, and what had points in NEWS2 is stale.
//
// All starts, changes of severity and ends must be listed, in their order. Revisions that only tell an answer or a
// change of the number (update, continue, reset) are looked at where the test names them under phases. An
// alert that is flagged grouped has "grouped: true". A test begins at 2100-01-01T00:00:00Z, for what the
// policy plans (suppress).
package policytest
