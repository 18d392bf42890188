package monitor

import (
	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// score is a schemas.Score in the making: lists in the order of the names in
// place of maps.
type score struct {
	id      string
	n, logN uint64
	due     schemas.Due
	patient string
	stay    string
	asOf    schemas.Time
	model   string
	policy  string
	kernel  string
	trained bool

	risks      []risk
	phenotypes []risk                                // name and value only
	modalities [encoders.NumModalities]modalityState // in the order of the names
	news2      *schemas.NEWS2
	inputs     bool // whether news2's inputs are written
	flags      []string

	indeterminate bool // something of the model's answer was no number
}

type risk struct {
	name      string
	value     float32
	interval  bool
	low, high float32
}

type modalityState struct {
	which encoders.Modality
	state schemas.ItemState
	age   schemas.Time
}

// Flags of a score.
const (
	flagGap       = "gap"               // the log began later than the patient
	flagImplicit  = "implicit_stay"     // no admission was announced
	flagInvented  = "invented"          // an invented patient
	flagSimulated = "simulated_pairing" // a modality was joined to the patient by a program
)

// score computes the patient's score at the patient's clock, puts it out, and
// after it what the policy makes of it.
func (t *turn) score(due schemas.Due) {
	p, m, scratch := t.p, t.m, &t.s.scratch
	p.n++
	p.scored, p.held = p.clock, forever
	t.s.counts.Scores++

	sc := &scratch.score
	*sc = score{
		n: p.n, logN: p.logN, due: due, patient: p.id, stay: p.stay.id, asOf: p.clock,
		policy: m.Policy.Hash(), risks: sc.risks[:0], phenotypes: sc.phenotypes[:0], flags: sc.flags[:0],
		news2: &scratch.news2,
	}
	for i, which := range byName {
		ms := &sc.modalities[i]
		ms.which = which
		ms.state, ms.age = p.modalities[which].as(p, which)
	}
	m.predict(p, sc, &scratch.model)
	sc.id = alerts.ScoreID(sc.patient, sc.stay, sc.n, sc.model, sc.policy)
	p.readings.latest(&scratch.readings, p.window, p.clock, p.stay.start)
	points := alerts.NEWS2(&scratch.readings, p.stay.statics.Scale2, sc.news2)
	sc.flags = p.flags(sc.flags)
	if sc.indeterminate {
		sc.flags = append(sc.flags, flagIndeterminate)
	}
	if p.corrected {
		sc.flags = append(sc.flags, alerts.FlagCorrected)
	}

	event := &scratch.event
	*event = alerts.Score{
		ID: sc.id, Trained: sc.trained, NEWS2: sc.news2.Value, Points: points,
		Partial: sc.news2.Partial, Corrected: p.corrected, Risks: event.Risks[:0],
	}
	for i := range sc.risks {
		event.Risks = append(event.Risks, alerts.TaskRisk{Task: sc.risks[i].name, Value: sc.risks[i].value})
	}
	p.corrected = false
	scratch.alerts = m.Policy.Step(&p.alerts, alerts.Event{Kind: alerts.Scored, At: p.clock, Model: sc.model, Score: event}, scratch.alerts[:0])
	sc.inputs = m.Settings.Inputs != InputsAlerting || len(scratch.alerts) > 0
	t.put(schemas.TopicScores, schemas.TypeScore, sc.id, p.id, scratch.encoder.score(sc))
	t.tell()
}

// flags appends what a reader must know of the patient's data.
func (p *patient) flags(dst []string) []string {
	if p.gap {
		dst = append(dst, flagGap)
	}
	if p.stay.implicit {
		dst = append(dst, flagImplicit)
	}
	if p.stay.provenance&schemas.Invented != 0 {
		dst = append(dst, flagInvented)
	}
	if p.stay.provenance&schemas.SimulatedPairing != 0 {
		dst = append(dst, flagSimulated)
	}
	return dst
}

// tell puts out the revisions in scratch.alerts: each to the alerts, and as the
// alert's latest state.
func (t *turn) tell() {
	for i := range t.s.scratch.alerts {
		a := &t.s.scratch.alerts[i]
		t.p.n++
		a.N = t.p.n
		a.Flags = t.p.flags(a.Flags)
		body := t.s.scratch.encoder.alert(a)
		t.put(schemas.TopicAlerts, schemas.TypeAlert, a.ID, t.p.id, body)
		t.put(schemas.TopicAlertStates, schemas.TypeAlert, a.ID, a.ID, body)
		t.s.counts.Alerts++
	}
}

func (t *turn) put(topic, kind, id, key string, body []byte) {
	at := window.Position{Offset: t.offset, Index: len(t.out) - t.first}
	t.out = append(t.out, Output{Position: at, Topic: topic, Type: kind, ID: id, Key: key, Value: body})
}
