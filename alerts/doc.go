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
//	end         below the clear level, corrected away, or the stay ended
//
// What falls due by time alone (dwell, refractory, snooze, no data) has a due
// time: [Policy.Due] names the next one, and an [Advance] event at that time
// does it. A caller that never lets two due times pass in one event gets the
// same alerts however it cuts time up.
package alerts
