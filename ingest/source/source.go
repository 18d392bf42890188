package source

import (
	"context"
	"iter"

	"github.com/vigil-icu/vigil/schemas"
)

// Source is a recorded data set or an invented unit. It is opened for one reading: whoever
// wants the patients again opens it again. Package sourcetest holds a source to what its
// methods say here.
type Source interface {
	// Name is the data set's, lower case: "mimic-iii", "synth". It is the first part of
	// Event.Source. The domain of the patient ids is the source's own choice.
	Name() string
	// Hash is over the decoded stays and events and over those options of the source that
	// change them, in lower-case hex: never over files, so that the same tables packed
	// otherwise or read in another order have the same. It is valid once Patients has been
	// read to its end, since a source may compute it while it reads, see Hasher.
	Hash() string
	// Patients yields every patient that has a stay, in any order and each once. The
	// patient belongs to the caller, who may change it. A row that cannot be used never ends
	// the reading: it is counted, with its reason. An error ends it and comes last, with a
	// nil patient: a file that is damaged or not of this data set, or ctx's error soon
	// after ctx has ended. Nothing stays open behind a reading, however it ends.
	Patients(ctx context.Context) iter.Seq2[*Patient, error]
	// Rows says what became of every row that was read. It is valid once Patients has been
	// read to its end.
	Rows() RowCount
}

// Patient is all that a source knows of one patient.
type Patient struct {
	ID     string // "domain:id"; a run's name in front of it is the plan's
	Stays  []Stay // one or more, by Admit; they do not overlap, but one may begin when another ends
	Events []schemas.Event

	// Events are ordered by AvailableTime, none of which is zero. Of each event the source
	// fills in Topic (one of schemas.RawTopics), AvailableTime, EventTime (the earliest in
	// it) and exactly one body, with that body's EventTime, HasADT and Provenance. Patient,
	// Source, Seq, Run and Play stay empty: they depend on the run, and the plan knows it.
}

// Stay is an intensive-care stay as the plan sees it: what its patient's events take their
// playing time from. A source that announces movements has schemas.ADT events as well,
// which name the stay by ID; one that does not has stays for the playing time alone.
type Stay struct {
	ID    string       // unique within the patient
	Admit schemas.Time // never zero
	End   schemas.Time // not before Admit; zero while the stay is open, which only the last may be
}

// RowCount says what became of the rows of a source, so that nothing is dropped in silence.
// Every row that was read is in exactly one class: Read = Used + Unmapped + Duplicate +
// Rejected. Which rows of a data set count at all is in its package's documentation.
type RowCount struct {
	Read       int                    `json:"read"`
	Used       int                    `json:"used"`      // its value is sent
	Unmapped   int                    `json:"unmapped"`  // its code is not in the channel table
	Duplicate  int                    `json:"duplicate"` // it says again what another row says
	Rejected   int                    `json:"rejected"`
	RejectedBy map[schemas.Reason]int `json:"rejected_by,omitempty"` // sums up to Rejected

	// UnmappedCodes are the 50 codes with the most unmapped rows, those with the most first.
	UnmappedCodes []CodeCount `json:"unmapped_codes,omitempty"`
	// Problems are the first 20 rows that could not be read, as people want to see them:
	// "CHARTEVENTS.csv.gz line 17: ...".
	Problems []string `json:"problems,omitempty"`

	// RecordedTimes and ModelledTimes count used rows that carry values or notes: those
	// whose available time the source recorded, and those whose available time is the
	// event time with a typical delay added.
	RecordedTimes int `json:"recorded_times"`
	ModelledTimes int `json:"modelled_times"`
	// AssumedUnits counts rows that were read in another unit than they name, because they
	// could only be that (schemas.Assumed).
	AssumedUnits int `json:"assumed_units,omitempty"`
}

// CodeCount is one code that the channel table does not know.
type CodeCount struct {
	Code  string `json:"code"`            // as in a message: the item id
	Label string `json:"label,omitempty"` // what the source calls it
	Count int    `json:"count"`           // rows
}
