package source

import (
	"context"
	"iter"

	"github.com/vigil-icu/vigil/schemas"
)

// Source is a recorded data set or an invented unit. It is read once.
type Source interface {
	// Name of the data set, lower case: "mimic-iii", "synth". It is the first part
	// of Event.Source; the domain of patient ids is the source's own choice.
	Name() string
	// Hash over the decoded data and the source's own options that change what is
	// sent: lower-case hex. Valid once Patients has been read to its end (sources
	// may compute it while reading, see Hasher).
	Hash() string
	// Patients yields every patient that has a stay, in any order. An error ends
	// the iteration. The patient belongs to the caller.
	Patients(ctx context.Context) iter.Seq2[*Patient, error]
	// Rows says what became of every row read; valid once Patients has ended.
	Rows() RowCount
}

// Patient is all that a source knows of one patient.
type Patient struct {
	ID     string          // "domain:id", without a run's name
	Stays  []Stay          // by Admit; they do not overlap
	Events []schemas.Event // by AvailableTime, none of them zero
	// Of each event the source fills Topic, AvailableTime, EventTime (earliest in
	// it) and one body with its HasADT and Provenance. Patient, Source, Seq, Run
	// and Play are the plan's.
}

// Stay is an intensive-care stay as the plan sees it. A source that announces
// movements has schemas.ADT events beside it; one that does not has stays only
// for their playing time.
type Stay struct {
	ID    string
	Admit schemas.Time
	End   schemas.Time // zero: open, only for a patient's last stay
}

// RowCount says what became of the rows of a source. Every row read is in
// exactly one class: Read = Used + Unmapped + Duplicate + Rejected.
type RowCount struct {
	Read       int                    `json:"read"`
	Used       int                    `json:"used"`
	Unmapped   int                    `json:"unmapped"` // a code that the channel table does not know
	Duplicate  int                    `json:"duplicate"`
	Rejected   int                    `json:"rejected"`
	RejectedBy map[schemas.Reason]int `json:"rejected_by,omitempty"`

	UnmappedCodes []CodeCount `json:"unmapped_codes,omitempty"` // the 50 commonest, commonest first
	// Problems are the first few rejected rows that could not be read, as people
	// want to see them: "CHARTEVENTS.csv.gz line 17: ...".
	Problems []string `json:"problems,omitempty"`

	// Of the used rows that carry values or notes: how many available times the
	// source recorded, and how many come from a delay table.
	RecordedTimes int `json:"recorded_times"`
	ModelledTimes int `json:"modelled_times"`
}

// CodeCount is one code that the channel table does not know.
type CodeCount struct {
	Code  string `json:"code"` // as in a message: the item id
	Label string `json:"label,omitempty"`
	Count int    `json:"count"`
}
