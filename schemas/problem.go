package schemas

import "fmt"

// Problem says what is wrong with an input: the reason as a fixed word, the
// field, what was found and what was expected. It becomes a dead letter, or a
// rejected row in a source's count. It is never an error of the service, which goes on
// with the next message.
type Problem struct {
	Reason   Reason `json:"reason"`
	Field    string `json:"field"`    // the path into the message, for example "observations[3].unit"
	Found    string `json:"found"`    // what stood there, quoted and cut to about 100 bytes
	Expected string `json:"expected"` // what should have stood there, so that a sender knows how to mend it
}

// Reason is the fixed word for a kind of problem. Senders count dead letters by it, so a
// word never changes its meaning.
type Reason string

// The first six reasons, and SensorZero, are also those for which a source rejects a row.
const (
	NoValue     Reason = "no_value"     // there is neither a value nor a text that carries one
	Unreadable  Reason = "unreadable"   // the JSON, the Arrow stream or the CSV row is torn, or the text is no UTF-8
	Implausible Reason = "implausible"  // the value is outside the channel's plausible range, NaN or infinite
	BadUnit     Reason = "bad_unit"     // there is no conversion from this unit to the channel's
	MarkedWrong Reason = "marked_wrong" // the source itself says that the row is an error
	OutsideStay Reason = "outside_stay" // the row is neither in a stay nor in the 48 h before one

	UnknownChannel Reason = "unknown_channel" // the channel table has no such name or code
	UnknownType    Reason = "unknown_type"    // the record's type, its version or its content type is not known
	BadKey         Reason = "bad_key"         // the key is empty, or is not the body's patient
	BadPatient     Reason = "bad_patient"     // the patient is empty, too long, or not domain:id
	BadField       Reason = "bad_field"       // a field is missing, of another type, or outside its limits
	BadTime        Reason = "bad_time"        // a time cannot be read, or is outside the years 1800 to 2400
	TooLarge       Reason = "too_large"       // the body is over the limit of its kind, before or after decompression

	// SensorZero is a 0 that no patient has, such as an SpO2 of 0: the sensor is off, open or
	// switched off.
	SensorZero Reason = "sensor_zero"

	// Future means of a live event that it was measured more than 5 minutes from now, and
	// of a recorded one that it lies beyond the mark that follows it.
	Future Reason = "future"
	// OutOfOrder means that a recorded event came behind a later one of its patient,
	// source and topic, or behind a mark that it should have preceded.
	OutOfOrder Reason = "out_of_order"
	// TooMany means values of a message beyond MaxHourValues of one channel and hour.
	TooMany Reason = "too_many"
	// Unmatched means a correction or retraction of what is not there: nothing of its channel was
	// measured at its event time, and its reference is not known.
	Unmatched Reason = "unmatched"
	// NoMark means that a run sent more without a progress mark than intake holds.
	NoMark Reason = "no_mark"
	// WrongRun means that a recorded event is of another run than the one in progress.
	WrongRun Reason = "wrong_run"
	// Undelivered means of an alert that its receiver was away for longer than a sink waits, and
	// Refused that the receiver read it and did not take it.
	Undelivered Reason = "undelivered"
	Refused     Reason = "refused"
	// RunsOff means that a recorded event, or a mark, came to a site that takes live events only.
	RunsOff Reason = "runs_off"
)

// Error returns one line that says what is wrong, why, and how to mend it.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s: %s: found %s, expected %s", p.Reason, p.Field, p.Found, p.Expected)
}

// NewProblem makes a problem. It quotes found, after cutting it to 100 bytes, because what
// was found may be long and may hold anything, a note's text or control characters too.
func NewProblem(reason Reason, field, found, expected string) *Problem {
	if len(found) > 100 {
		found = found[:100] + "…"
	}
	return &Problem{Reason: reason, Field: field, Found: fmt.Sprintf("%q", found), Expected: expected}
}
