package schemas

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits within a body.
const (
	maxEmbedding = 4096 // numbers of an embedding
	maxText      = 4096 // bytes of a reason or of an image's reference
)

// checkBody checks what each kind has of its own. The checks of the kinds below all return
// the first thing that is wrong, or nil.
func (e *Event) checkBody(l *Limits) *Problem {
	switch {
	case e.Vitals != nil:
		return e.Vitals.check(l)
	case e.Strip != nil:
		return e.Strip.check(l)
	case e.Note != nil:
		return e.Note.check(l)
	case e.Image != nil:
		return e.Image.check(l)
	case e.ADT != nil:
		return e.ADT.check()
	}
	return e.Command.check()
}

func (v *Vitals) check(l *Limits) *Problem {
	switch n := len(v.Values) + len(v.Observations); {
	case n == 0:
		return NewProblem(NoValue, "values", "neither values nor observations", "at least one of them")
	case n > l.Of(LimitMessageValues):
		return NewProblem(TooLarge, "observations", strconv.Itoa(n), fmt.Sprintf("at most %d in a message", l.Of(LimitMessageValues)))
	}
	return nil
}

func (n *Note) check(l *Limits) *Problem {
	switch {
	case strings.TrimSpace(n.Text) == "":
		return NewProblem(NoValue, "text", n.Text, "the text of the note")
	case len(n.Text) > l.Of(LimitNoteBytes):
		return NewProblem(TooLarge, "text", fmt.Sprintf("%d bytes", len(n.Text)), fmt.Sprintf("at most %d bytes", l.Of(LimitNoteBytes)))
	case n.Kind == "" || len(n.Kind) > MaxID || !printable(n.Kind):
		return NewProblem(BadField, "kind", n.Kind, "the kind of note in 1 to 128 printable bytes, for example nursing")
	case len(n.Ref) > MaxID || !printable(n.Ref):
		return NewProblem(BadField, "ref", n.Ref, "at most 128 printable bytes")
	}
	return nil
}

func (i *Image) check(l *Limits) *Problem {
	switch {
	case i.Modality == "" || len(i.Modality) > MaxID || !printable(i.Modality):
		return NewProblem(BadField, "modality", i.Modality, "the modality in 1 to 128 printable bytes, for example DX")
	case i.Reference == "" && len(i.Bytes) == 0 && len(i.Embedding) == 0:
		return NewProblem(NoValue, "reference", "neither reference nor bytes nor embedding", "one of them")
	case len(i.Bytes) > l.Of(LimitImageBytes):
		return NewProblem(TooLarge, "bytes", fmt.Sprintf("%d bytes", len(i.Bytes)), fmt.Sprintf("at most %d; send a reference", l.Of(LimitImageBytes)))
	case len(i.Embedding) > maxEmbedding:
		return NewProblem(TooLarge, "embedding", strconv.Itoa(len(i.Embedding)), fmt.Sprintf("at most %d numbers", maxEmbedding))
	case len(i.Embedding) > 0 && i.Encoder == "" || len(i.Encoder) > MaxID || !printable(i.Encoder):
		return NewProblem(BadField, "encoder", i.Encoder, "the id of the embedding's encoder, at most 128 printable bytes")
	case len(i.MediaType) > MaxID || !printable(i.MediaType):
		return NewProblem(BadField, "media_type", i.MediaType, "at most 128 printable bytes, for example application/dicom")
	case len(i.Reference) > maxText:
		return NewProblem(TooLarge, "reference", fmt.Sprintf("%d bytes", len(i.Reference)), "at most 4096 bytes")
	case len(i.Text) > l.Of(LimitNoteBytes):
		return NewProblem(TooLarge, "text", fmt.Sprintf("%d bytes", len(i.Text)), fmt.Sprintf("at most %d bytes", l.Of(LimitNoteBytes)))
	}
	for k, v := range i.Embedding {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return NewProblem(Implausible, fmt.Sprintf("embedding[%d]", k), fmt.Sprint(v), "a finite number")
		}
	}
	return nil
}

// movements are the types of an ADT event.
var movements = []string{"admit", "transfer", "discharge", "death", "merge", "unmerge", "cancel", "cancel-discharge", "cancel-transfer"}

func (a *ADT) check() *Problem {
	switch {
	case !slices.Contains(movements, a.Type):
		return NewProblem(BadField, "type", a.Type, "one of "+strings.Join(movements, ", "))
	case (a.Type == "admit" || a.Type == "cancel") && a.Stay == "":
		return NewProblem(BadField, "stay", "", "the stay that begins")
	case (a.Type == "merge" || a.Type == "unmerge") && !patientForm(a.Into):
		return NewProblem(BadPatient, "into", a.Into, "the surviving patient, domain:id")
	case (a.Type == "merge" || a.Type == "unmerge") && a.Into == a.Patient:
		return NewProblem(BadPatient, "into", a.Into, "another patient than the one that is merged")
	}
	for _, f := range [...]struct{ name, text string }{{"stay", a.Stay}, {"unit", a.Unit}, {"bed", a.Bed}} {
		if len(f.text) > MaxID || !printable(f.text) {
			return NewProblem(BadField, f.name, f.text, "at most 128 printable bytes")
		}
	}
	return a.Statics.check()
}

// check refuses what no human has: such a number is a slip of the unit, and a model would
// read it as an extreme patient.
func (s *Statics) check() *Problem {
	for _, f := range [...]struct {
		name      string
		value     *float32
		low, high float32
	}{{"age_years", s.AgeYears, 0, 130}, {"height_cm", s.HeightCM, 20, 275}, {"weight_kg", s.WeightKG, 0.3, 500}} {
		if f.value != nil && !(*f.value >= f.low && *f.value <= f.high) {
			return NewProblem(Implausible, "statics."+f.name, fmt.Sprint(*f.value), fmt.Sprintf("%v to %v", f.low, f.high))
		}
	}
	if s.Sex != "" && s.Sex != "female" && s.Sex != "male" && s.Sex != "other" {
		return NewProblem(BadField, "statics.sex", s.Sex, "female, male or other")
	}
	for _, f := range [...]struct{ name, text string }{{"unit", s.Unit}, {"admission_type", s.AdmissionType}} {
		if len(f.text) > MaxID || !printable(f.text) {
			return NewProblem(BadField, "statics."+f.name, f.text, "at most 128 printable bytes")
		}
	}
	return nil
}

// verbs are what a person can answer to an alert.
var verbs = []string{"acknowledge", "snooze", "verdict", "end"}

func (c *CommandEvent) check() *Problem {
	switch {
	case !slices.Contains(verbs, c.Verb):
		return NewProblem(BadField, "verb", c.Verb, "one of "+strings.Join(verbs, ", "))
	case c.Alert == "" || len(c.Alert) > MaxID || !printable(c.Alert):
		return NewProblem(BadField, "alert", c.Alert, "the id of an alert")
	case c.Actor == "" || len(c.Actor) > MaxID || !printable(c.Actor):
		return NewProblem(BadField, "actor", c.Actor, "who answers, 1 to 128 printable bytes")
	case c.Verb == "snooze" && c.Until == nil:
		return NewProblem(BadField, "until", "", "when the snooze ends")
	case (c.Verb == "snooze" || c.Verb == "end") && strings.TrimSpace(c.Reason) == "":
		return NewProblem(BadField, "reason", "", "why the alert is snoozed or ended")
	case len(c.Reason) > maxText:
		return NewProblem(TooLarge, "reason", fmt.Sprintf("%d bytes", len(c.Reason)), "at most 4096 bytes")
	}
	return nil
}

// Limits of a strip, well above what the devices of a ward send.
const (
	maxRateHz = 20_000 // samples per second of each lead
	maxLeads  = 64
)

func (s *Strip) check(l *Limits) *Problem {
	switch {
	case !(s.RateHz >= 1 && s.RateHz <= maxRateHz):
		return NewProblem(BadField, "rate_hz", fmt.Sprint(s.RateHz), "1 to 20000 samples a second")
	case !(s.Gain > 0 && s.Gain < 1000):
		return NewProblem(BadField, "gain", fmt.Sprint(s.Gain), "millivolt per unit, above 0 and below 1000")
	case len(s.Leads) == 0 || len(s.Leads) > maxLeads:
		return NewProblem(BadField, "leads", strconv.Itoa(len(s.Leads)), "1 to 64 leads")
	case len(s.Samples) != len(s.Leads):
		return NewProblem(BadField, "samples", strconv.Itoa(len(s.Samples)), "as many lists as leads")
	case s.EventTime == nil:
		return NewProblem(BadField, "event_time", "", "when the strip begins")
	}
	n := len(s.Samples[0])
	for i, lead := range s.Leads {
		if lead == "" || len(lead) > MaxID || !printable(lead) || slices.Contains(s.Leads[:i], lead) {
			return NewProblem(BadField, "leads["+strconv.Itoa(i)+"]", lead, "the lead's name in 1 to 128 printable bytes, each name once")
		}
		if len(s.Samples[i]) != n {
			return NewProblem(BadField, "leads["+strconv.Itoa(i)+"]", strconv.Itoa(len(s.Samples[i])), fmt.Sprintf("%d samples, as the first lead", n))
		}
	}
	switch {
	case n == 0:
		return NewProblem(NoValue, "samples", "none", "at least one sample a lead")
	case 2*n*len(s.Leads) > l.Of(LimitStripBytes):
		return NewProblem(TooLarge, "samples", fmt.Sprintf("%d bytes", 2*n*len(s.Leads)), fmt.Sprintf("at most %d bytes: send shorter strips", l.Of(LimitStripBytes)))
	}
	return nil
}
