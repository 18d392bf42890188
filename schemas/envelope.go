package schemas

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Head returns the envelope of whatever body the event has, or nil if it has none.
func (e *Event) Head() *Head {
	switch {
	case e.Vitals != nil:
		return &e.Vitals.Head
	case e.Strip != nil:
		return &e.Strip.Head
	case e.Note != nil:
		return &e.Note.Head
	case e.Image != nil:
		return &e.Image.Head
	case e.ADT != nil:
		return &e.ADT.Head
	case e.Command != nil:
		return &e.Command.Head
	}
	return nil
}

// head is Head, and an empty envelope for an event without a body.
func (e *Event) head() *Head {
	if h := e.Head(); h != nil {
		return h
	}
	return &Head{}
}

// HasADT says whether the event's source announces movements. A movement is itself such an
// announcement.
func (e *Event) HasADT() bool { return e.ADT != nil || e.head().HasADT }

// Provenance returns the bits that the event's provenance words, its run and its source's
// movements stand for.
func (e *Event) Provenance() (p Provenance) {
	for _, word := range e.head().Provenance {
		switch word {
		case "invented":
			p |= Invented
		case "simulated-pairing":
			p |= SimulatedPairing
		}
	}
	if e.Run != "" {
		p |= Recorded
	}
	if e.HasADT() {
		p |= SourceHasADT
	}
	return p
}

// checkHead checks the envelope and copies it into the event. The key must be the patient:
// a message under another key would be in another partition than the patient's others, out
// of their order.
func (e *Event) checkHead(key []byte) *Problem {
	h := e.head()
	switch {
	case len(key) == 0:
		return NewProblem(BadKey, "key", "", "the patient")
	case !patientForm(h.Patient):
		return NewProblem(BadPatient, "patient", h.Patient, `domain:id, at most 128 printable bytes, with "run/" in front in a named run`)
	case string(key) != h.Patient:
		return NewProblem(BadKey, "key", string(key), "the body's patient "+strconv.Quote(h.Patient))
	case h.Source == "" || len(h.Source) > MaxID || !printable(h.Source):
		return NewProblem(BadField, "source", h.Source, "the sender, 1 to 128 printable bytes")
	case len(h.Stay) > MaxID || !printable(h.Stay):
		return NewProblem(BadField, "stay", h.Stay, "at most 128 printable bytes")
	case h.Seq != nil && *h.Seq == 0:
		return NewProblem(BadField, "seq", "0", "1 or more")
	}
	for i, word := range h.Provenance {
		if word != "invented" && word != "simulated-pairing" {
			return NewProblem(BadField, fmt.Sprintf("provenance[%d]", i), word, "invented or simulated-pairing")
		}
	}
	e.Patient, e.Source = h.Patient, h.Source
	if h.Seq != nil {
		e.Seq, e.HasSeq = *h.Seq, true
	}
	if h.AvailableTime != nil {
		e.AvailableTime = *h.AvailableTime
	}
	if h.EventTime != nil {
		e.EventTime = *h.EventTime
	}
	if e.Vitals != nil {
		for i := range e.Vitals.Observations {
			if t := e.Vitals.Observations[i].EventTime; t != nil && (e.EventTime == 0 || *t < e.EventTime) {
				e.EventTime = *t
			}
		}
	}
	if e.Run != "" && e.AvailableTime == 0 {
		return NewProblem(BadField, "available_time", "", "when it became known: a recorded message needs it")
	}
	return nil
}

// OfRun says whether a patient belongs to a named run, whose patients are called "run/domain:id", or
// with an empty name to none.
func OfRun(run, patient string) bool {
	name, _, named := strings.Cut(patient, "/")
	if colon := strings.IndexByte(patient, ':'); named && colon >= 0 && colon < len(name) {
		named = false // the slash is in the id
	}
	if run == "" {
		return !named
	}
	return named && name == run
}

// patientForm says whether a text is "domain:id", or "run/domain:id", of at most MaxID
// printable bytes. The domain keeps the ids of two hospitals apart, the run those of a
// patient who is played again from those of the same patient alive.
func patientForm(s string) bool {
	if s == "" || len(s) > MaxID || !printable(s) {
		return false
	}
	domain, id, found := strings.Cut(s, ":")
	if run, rest, named := strings.Cut(domain, "/"); named {
		if run == "" {
			return false
		}
		domain = rest
	}
	return found && id != "" && domain != "" && !strings.Contains(domain, "/")
}

// printable says whether a text is valid UTF-8 without control characters and without space
// at its ends. Ids go into store keys, logs and terminals as they are.
func printable(s string) bool {
	if !utf8.ValidString(s) || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 || r == utf8.RuneError })
}
