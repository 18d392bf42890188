// Package alerts decides when a number becomes an alert: the National Early
// Warning Score 2 as a table, and a policy as data.
//
// [NEWS2] adds up the Royal College of Physicians' table of 2017 over the
// readings that it is given. [Policy] is a YAML file (policy.yaml here is the
// default) compiled to a pure function: [Policy.Step] moves the [State] of one
// stay by one [Event], a score, a command, the arrival of data or the passing of
// time, and returns what changed as revisions of alerts. It reads no clock and
// knows no randomness: the same events give the same alerts, with the same ids,
// and thousands of policies can be tried on one score log.
//
// The life of an alert is told in the phase words of IHE ACM:
//
//	start       the level was reached, for the dwell, outside every silence
//	escalate    a higher level; it breaks a snooze
//	deescalate  a lower level, still above the clear level
//	update      the number moved by the policy's step, or a person answered
//	continue    still open after the policy's period (only if the policy asks)
//	reset       a snooze ran out: the alert asks for attention again
//	end         below the clear level, corrected away, ended by a person, or the stay ended
//
// # What is not known any more
//
// An alert never ends, and never falls, because data grew old. A component of NEWS2 whose last
// value is older than 6 h is stale: the score goes on to show it, with its age, and its points
// count as the last that is known. While a component that had points is stale, an open alert is
// held at its level and flagged stale; it ends when all of them are measured again and low,
// when a person ends it, or with the stay. Points that are stale start and raise nothing. A
// risk that the model does not give any more holds its alert in the same way, flagged
// indeterminate.
//
// One technical alert of a patient, no_data, names the components that have not been measured
// for longer than the policy expects, and since when. Data hold it off as of when they were
// measured, not as of when they came.
//
// Refractory, reset and snooze keep the same or a lower severity silent. A higher one starts at
// once.
//
// # What else keeps an alert quiet
//
// A policy may say that an open alert of one task inhibits those of others that are no graver, that
// alerts are suppressed in a planned time, everywhere or in some units, and that a revision which asks
// for attention is flagged grouped while an alert of the patient that is at least as severe is open, so
// that people are paged once. Nothing is forgotten: what is still reached when it is kept quiet no more
// is told then, and what is open goes on as it did.
//
// # One patient under two ids
//
// Where one id goes on under another, the open alerts go on there, with their ids, revisions and
// answers; where that was a mistake they go back. Of two alerts of one task the one of the id
// that stays goes on, and the other ends.
//
// # Time
//
// What falls due by time alone (dwell, refractory, snooze, no data) has a due
// time: [Policy.Due] names the next one, and an [Advance] event at that time
// does it. A caller that never lets two due times pass in one event gets the
// same alerts however it cuts time up.
package alerts
