package synth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// measure is what the bedside and the nurses do at one tick.
func (l *life) measure(t schemas.Time) {
	since := t - start
	l.monitorTick(t)
	if since%cuffEvery == 0 {
		l.vitals(t, t+30*schemas.Second, cuffChannels)
	}
	switch {
	case since%(2*chartEvery) == 0:
		l.charted(t, chartChannels)
	case since%chartEvery == 0:
		l.charted(t, []string{"fio2", "norepinephrine"})
	}
	if since%stripEvery == 0 {
		l.strip(t)
	}
	if since%labsEvery == 0 {
		l.labs(t, labChannels)
		if l.arterial {
			l.labs(t, gasChannels)
		}
	}
	if since == 3*schemas.Hour && l.bed%5 == 2 {
		l.add(schemas.TopicADT, t, t, schemas.Event{ADT: &schemas.ADT{Type: "transfer", Stay: l.stay, Unit: "ICU", Bed: strconv.Itoa(l.bed+1) + "b"}})
	}
}

// monitorTick sends what the bedside monitor has, with drop-outs; now and then a
// message is late, or comes twice.
func (l *life) monitorTick(t schemas.Time) {
	var names []string
	for _, name := range monitorChannels {
		if !l.arterial && (name == "systolic_arterial" || name == "diastolic_arterial" || name == "mean_arterial") {
			continue
		}
		if l.off[name] > t {
			continue
		}
		if l.r.IntN(2500) == 0 { // the sensor comes off for one to four minutes
			l.off[name] = t + schemas.Time(1+l.r.IntN(4))*schemas.Minute
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return
	}
	available := t + 200 + schemas.Time(l.r.IntN(300))
	if l.r.IntN(100) == 0 {
		available += schemas.Time(20+l.r.IntN(70)) * schemas.Second
	}
	l.vitals(t, available, names)
	if l.r.IntN(200) == 0 {
		again := l.out.Events[len(l.out.Events)-1]
		again.AvailableTime += 2 * schemas.Second
		l.out.Events = append(l.out.Events, again)
	}
}

// vitals is one message of canonical values measured at one moment.
func (l *life) vitals(t, available schemas.Time, names []string) {
	values := make(map[string]json.Number, len(names))
	for _, name := range names {
		values[name] = l.number(name)
	}
	l.add(schemas.TopicVitals, t, available, schemas.Event{Vitals: &schemas.Vitals{Values: values}})
}

// charted is written down by a nurse a little later.
func (l *life) charted(t schemas.Time, names []string) {
	l.vitals(t, t+schemas.Time(20+l.r.IntN(100))*schemas.Second, names)
}

// labs come back after three quarters of an hour, blood gases after five minutes.
func (l *life) labs(t schemas.Time, names []string) {
	delay := schemas.Time(40+l.r.IntN(30)) * schemas.Minute
	if slices.Contains(names, "ph") {
		delay = 5 * schemas.Minute
	}
	l.vitals(t, t+delay, names)
}

func (l *life) note(t schemas.Time, kind, text string) {
	l.add(schemas.TopicNotes, t, t+schemas.Time(2+l.r.IntN(8))*schemas.Minute, schemas.Event{Note: &schemas.Note{Kind: kind, Text: text}})
}

func (l *life) admit() {
	age := float32(38 + l.r.IntN(48))
	weight, height := float32(55+l.r.IntN(50)), float32(155+l.r.IntN(35))
	sex := "female"
	if l.r.IntN(2) == 0 {
		sex = "male"
	}
	l.add(schemas.TopicADT, start, start, schemas.Event{ADT: &schemas.ADT{Type: "admit", Stay: l.stay, Unit: "ICU", Bed: strconv.Itoa(l.bed + 1),
		Statics: schemas.Statics{AgeYears: &age, Sex: sex, WeightKG: &weight, HeightCM: &height, Unit: "ICU", AdmissionType: "emergency"}}})
	l.note(start+12*schemas.Minute, "admission", fmt.Sprintf("%.0f years, %s. %s", age, sex, l.path.Diagnosis))
}

func (l *life) discharge(t schemas.Time) {
	l.add(schemas.TopicADT, t, t+2*schemas.Minute, schemas.Event{ADT: &schemas.ADT{Type: "discharge", Stay: l.stay, Unit: "ICU"}})
}

// add stamps an event and keeps it, unless it would be known after the story.
func (l *life) add(topic string, event, available schemas.Time, e schemas.Event) {
	if available >= l.end {
		return
	}
	at := event
	head := schemas.Head{EventTime: &at, Provenance: invented, HasADT: true}
	switch {
	case e.Vitals != nil:
		e.Vitals.Head = head
	case e.Strip != nil:
		e.Strip.Head = head
	case e.Note != nil:
		e.Note.Head = head
	case e.Image != nil:
		e.Image.Head = head
	case e.ADT != nil:
		e.ADT.Head = head
	}
	e.Topic, e.AvailableTime, e.EventTime = topic, available, event
	l.out.Events = append(l.out.Events, e)
}

var invented = []string{"invented"}
