package schemas

import "fmt"

// Problem says what is wrong with an input: the reason as a fixed word, the
// field, what was found and what was expected. It becomes a dead letter, or a
// rejected row in a source's count; it is never an error of the service.
type Problem struct {
	Reason   Reason
	Field    string // path into the message: "observations[3].unit"
	Found    string // at most 120 bytes of it
	Expected string // says how to mend it
}

// Reason is the fixed word for a kind of problem.
type Reason string

// Reasons. The first six are also reasons for which a source rejects a row.
const (
	NoValue     Reason = "no_value"     // neither value nor readable text
	Unreadable  Reason = "unreadable"   // torn JSON, torn Arrow, torn CSV row, invalid UTF-8
	Implausible Reason = "implausible"  // outside the channel's plausible range, NaN, Inf
	BadUnit     Reason = "bad_unit"     // no conversion to the channel's unit
	MarkedWrong Reason = "marked_wrong" // the source itself says it is an error
	OutsideStay Reason = "outside_stay" // neither in a stay nor in the 48 h before one

	UnknownChannel Reason = "unknown_channel" // no such channel or code
	UnknownType    Reason = "unknown_type"    // HeaderType or its version is not known
	BadKey         Reason = "bad_key"         // empty, or not the body's patient
	BadPatient     Reason = "bad_patient"     // empty, too long, not domain:id
	BadField       Reason = "bad_field"       // a field missing, of another type, or outside its limits
	BadTime        Reason = "bad_time"        // unreadable, or outside 1800 to 2400
	Future         Reason = "future"          // live: measured more than 5 min from now; recorded: beyond the mark that follows it
	OutOfOrder     Reason = "out_of_order"    // recorded: behind an earlier one of its patient, source and topic
	TooLarge       Reason = "too_large"       // over the limit of its kind, decompressed too
	WrongRun       Reason = "wrong_run"       // of a run other than the one in progress
)

// Error returns one line: what, why, how to mend it.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s: %s: found %s, expected %s", p.Reason, p.Field, p.Found, p.Expected)
}

// NewProblem quotes and cuts found.
func NewProblem(reason Reason, field, found, expected string) *Problem {
	if len(found) > 100 {
		found = found[:100] + "…"
	}
	return &Problem{Reason: reason, Field: field, Found: fmt.Sprintf("%q", found), Expected: expected}
}
