package audit

import (
	"encoding/json"

	"github.com/vigil-icu/vigil/schemas"
)

// Entry is one line of the log. It names a patient, since it must say of whom: the log is as
// confidential as the records themselves.
type Entry struct {
	N       int64        `json:"n"` // its place, from 0
	At      schemas.Time `json:"at"`
	Who     string       `json:"who"`
	Role    string       `json:"role"`
	What    string       `json:"what"`              // view, unit, acknowledge, snooze, verdict, login, refused, opened
	Patient string       `json:"patient,omitempty"` // whom it is about
	Alert   string       `json:"alert,omitempty"`
	Detail  string       `json:"detail,omitempty"` // what else is to be known, such as a reason
}

// line is the entry as it stands in the file, without the end of the line. JSON escapes what would break it.
func (e *Entry) line() ([]byte, error) { return json.Marshal(e) }
