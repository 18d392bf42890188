// Package policylab tries policies on what was recorded: which alarms would each of them have
// rung, how many, how early, and in how many of the stays that came to the outcome.
//
// A [Course] is what moved the alerts of one stay: scores, the arrival of data, transfers, the
// end. A [Recorder] hears it while recorded patients are played through the Step that serves, and
// [ReadScores] takes what it can from a log of scores. [Grid] makes policies of one by setting
// numbers in its file, and [Try] plays any number of policies over any number of courses.
//
// The package promises:
//
//   - The alerts of [Course.Play] are those of a live run with that policy, id for id and word for
//     word, since the same alerts.Policy makes them of the same events. Only the score that an
//     alert names is the recorded one, whose id the policy of the recording is part of.
//   - A policy of a grid is the file that [Candidate.Text] holds: comments and all else as in
//     the one that it was made of.
//   - The same courses, policies and settings give the same report, on any number of cores.
//
// A log of scores does not say when data came, where the patient lay and when the stay ended. On
// it alerts for missing data are not tried, nor what overrides say of units.
//
// Left to others: what people answered, since an answer names an alert that another policy does
// not have; and alerts that were passed on between two ids of a patient.
package policylab
