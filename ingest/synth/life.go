package synth

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// life is one patient while being invented.
type life struct {
	r     *rand.Rand // of this bed alone
	path  *Pathway
	bed   int // from 0
	stay  string
	begin schemas.Time
	end   schemas.Time // of the story: nothing that would be known later is sent
	pace  float64      // phases last so many times as long as written, so that beds do not keep step

	rhythm    string
	share     float64 // share of the way to the target that is gone in one tick
	labsEvery schemas.Time
	labsDue   schemas.Time
	state     []drift        // by place in usual
	off       []schemas.Time // by place in usual: when the sensor is on again
	notes     []plannedNote  // not yet written
	out       *source.Patient
}

// plannedNote is a note that is written when its time has come, so that it tells the values of
// that moment.
type plannedNote struct {
	at         schemas.Time
	kind, text string
}

// Intervals of measuring, in patient time.
const (
	tick       = 5 * schemas.Second
	cuffEvery  = 15 * schemas.Minute
	chartEvery = 30 * schemas.Minute
	stripEvery = 1 * schemas.Minute
	labsEvery  = 6 * schemas.Hour
	settle     = 6 * schemas.Minute
)

// live plays the pathway from phase to phase, tick by tick, until the pathway or the story ends.
// Whoever comes to the end of the pathway goes to the ward two minutes later; a stay that the
// story ends in stays open.
func (l *life) live() {
	l.rhythm = "sinus"
	l.state, l.off = make([]drift, len(usual)), make([]schemas.Time, len(usual))
	for i := range usual {
		l.state[i] = drift{value: usual[i].value, target: usual[i].value}
	}
	stay := source.Stay{ID: l.stay, Admit: l.begin}
	l.admit()
	phase, until := -1, l.begin
	for t := l.begin; t < l.end; t += tick {
		if t >= until && phase+1 < len(l.path.Phases) {
			phase++
			p := &l.path.Phases[phase]
			until = t + schemas.Time(float64(p.Lasts.orElse(0))*l.pace)
			l.enter(p, t)
		} else if t >= until {
			if home := t + 2*schemas.Minute; home < l.end {
				stay.End = home
				l.add(schemas.TopicADT, t, home, schemas.Event{ADT: &schemas.ADT{Type: "discharge", Stay: l.stay, Unit: unitName}})
			}
			break
		}
		l.move()
		l.measure(t)
	}
	l.out.Stays = []source.Stay{stay}
	slices.SortStableFunc(l.out.Events, func(a, b schemas.Event) int { return int(a.AvailableTime - b.AvailableTime) })
}

// enter begins a phase: new targets, a note, an image, labs, another bed.
func (l *life) enter(p *Phase, t schemas.Time) {
	first := t == l.begin
	for i := range usual {
		d, m := &l.state[i], &usual[i]
		if v, ok := p.Targets[m.name]; ok {
			d.target = v
			if first || m.sudden {
				d.value = v
			}
		}
		d.scatter = 1
		if p.Noise > 0 {
			d.scatter = p.Noise
		}
		if v, ok := p.Scatter[m.name]; ok {
			d.scatter = v
		}
	}
	if p.Rhythm != "" {
		l.rhythm = p.Rhythm
	}
	l.share = 1 - math.Exp(-float64(tick)/float64(p.Settle.orElse(settle)))
	l.labsEvery = p.LabsEvery.orElse(labsEvery)
	if l.labsDue = min(l.labsDue, t+l.labsEvery); first {
		l.labsDue = t
	}
	if p.Note != "" {
		l.notes = append(l.notes, plannedNote{t + l.minutes(4, 9), "nursing", p.Note})
	}
	if p.Image != "" {
		at := t + l.minutes(20, 40)
		l.add(schemas.TopicImaging, at, at+l.minutes(5, 15),
			schemas.Event{Image: &schemas.Image{Modality: p.Image, Reference: fmt.Sprintf("invented://%s/%d", l.out.ID, at)}})
	}
	if len(p.Labs) > 0 {
		l.labs(t, positions(p.Labs...))
	}
	if p.Bed != "" {
		l.add(schemas.TopicADT, t, t, schemas.Event{ADT: &schemas.ADT{Type: "transfer", Stay: l.stay, Unit: unitName, Bed: strings.ReplaceAll(p.Bed, "{bed}", strconv.Itoa(l.bed+1))}})
	}
	if !first {
		l.charted(t, hourly)
	}
}

// minutes draws a time of at least from and less than to minutes, in whole seconds.
func (l *life) minutes(from, to int) schemas.Time {
	return schemas.Time(from*60+l.r.IntN((to-from)*60)) * schemas.Second
}

// move drifts every channel one tick towards its target. The noise of what a monitor shows
// wanders from tick to tick, an autoregression of first order whose standard deviation is 1
// (0.9² + 0.436² = 1); the rest scatters anew with each measurement.
func (l *life) move() {
	for i := range l.state {
		d := &l.state[i]
		d.value += (d.target - d.value) * l.share
	}
	for _, i := range allMonitor {
		d := &l.state[i]
		d.noise = clamp(0.9*d.noise + 0.436*l.r.NormFloat64())
	}
}

// clamp bounds noise, so that a healthy patient never alerts by chance.
func clamp(noise float64) float64 { return math.Max(-2, math.Min(2, noise)) }

// unitName is the care unit that all beds are in.
const unitName = "ICU"

// admit invents who the patient is and begins the stay.
func (l *life) admit() {
	age := float32(38 + l.r.IntN(48))
	weight, height := float32(55+l.r.IntN(50)), float32(155+l.r.IntN(35))
	sex := "female"
	if l.r.IntN(2) == 0 {
		sex = "male"
	}
	l.add(schemas.TopicADT, l.begin, l.begin, schemas.Event{ADT: &schemas.ADT{Type: "admit", Stay: l.stay, Unit: unitName, Bed: strconv.Itoa(l.bed + 1),
		Statics: schemas.Statics{AgeYears: &age, Sex: sex, WeightKG: &weight, HeightCM: &height, Unit: unitName, AdmissionType: "emergency"}}})
	l.notes = append(l.notes, plannedNote{l.begin + 12*schemas.Minute, "admission", fmt.Sprintf("%.0f years, %s. %s", age, sex, l.path.Diagnosis)})
}

// add stamps an event and keeps it, unless it would become known after the story's end.
func (l *life) add(topic string, event, available schemas.Time, e schemas.Event) {
	if available >= l.end {
		return
	}
	head := schemas.Head{EventTime: &event, Provenance: invented, HasADT: true}
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

// invented is the provenance of every event.
var invented = []string{"invented"}

// measure is what the bedside and the nurses do at one tick.
func (l *life) measure(t schemas.Time) {
	since := t - l.begin
	l.monitorTick(t)
	if since%cuffEvery == 0 {
		l.vitals(t, t+30*schemas.Second, allCuff)
	}
	switch {
	case since%(2*chartEvery) == 0:
		l.charted(t, hourly)
	case since%chartEvery == 0:
		l.charted(t, halfHourly)
	}
	if since%stripEvery == 0 {
		l.strip(t)
	}
	if t >= l.labsDue {
		l.labsDue = t + l.labsEvery
		l.labs(t, panel)
		if l.path.ArterialLine {
			l.labs(t, bloodGas)
		}
	}
	l.notes = slices.DeleteFunc(l.notes, func(n plannedNote) bool {
		if n.at <= t {
			l.note(t, n)
		}
		return n.at <= t
	})
}

// monitorTick sends what the bedside monitor has, but for sensors that are off. One message in a
// hundred is late by 20 to 90 s, and one in three hundred comes twice: what reads the unit
// must bear both.
func (l *life) monitorTick(t schemas.Time) {
	connected := withoutLine
	if l.path.ArterialLine {
		connected = allMonitor
	}
	names := make([]int, 0, len(allMonitor))
	for _, i := range connected {
		if l.off[i] > t {
			continue
		}
		if l.r.IntN(5000) == 0 { // the sensor comes off for one to four minutes
			l.off[i] = t + schemas.Time(1+l.r.IntN(4))*schemas.Minute
			continue
		}
		names = append(names, i)
	}
	if len(names) == 0 {
		return
	}
	available := t + 200 + schemas.Time(l.r.IntN(300))
	if l.r.IntN(100) == 0 {
		available += schemas.Time(20+l.r.IntN(70)) * schemas.Second
	}
	before := len(l.out.Events)
	l.vitals(t, available, names)
	if l.r.IntN(300) == 0 && len(l.out.Events) > before {
		again := l.out.Events[before]
		body := *again.Vitals
		l.add(again.Topic, t, available+2*schemas.Second, schemas.Event{Vitals: &body})
	}
}

// vitals sends one message of values measured at one moment, in the channels' own units.
func (l *life) vitals(t, available schemas.Time, channels []int) {
	values := make(map[string]json.Number, len(channels))
	for _, i := range channels {
		m, d := &usual[i], &l.state[i]
		if m.device != monitor && m.scatter > 0 {
			d.noise = clamp(l.r.NormFloat64())
		}
		values[m.name] = json.Number(d.text(m))
	}
	l.add(schemas.TopicVitals, t, available, schemas.Event{Vitals: &schemas.Vitals{Values: values}})
}

// charted sends what a nurse reads off and writes down 20 to 120 s later.
func (l *life) charted(t schemas.Time, channels []int) {
	l.vitals(t, t+schemas.Time(20+l.r.IntN(100))*schemas.Second, channels)
}

// labs sends a panel drawn at t. It comes back after 40 to 70 minutes, blood gases after five:
// those are measured on the unit.
func (l *life) labs(t schemas.Time, channels []int) {
	delay := l.minutes(40, 70)
	if slices.Contains(channels, bloodGas[0]) {
		delay = 5 * schemas.Minute
	}
	l.vitals(t, t+delay, channels)
}

// note sends a note, signed two to ten minutes after the moment that it describes, with the
// values of that moment in the place of their braces.
func (l *life) note(t schemas.Time, n plannedNote) {
	text := n.text
	if strings.Contains(text, "{") {
		text = placeholder.ReplaceAllStringFunc(text, func(found string) string {
			i := position(found[1 : len(found)-1])
			return l.state[i].text(&usual[i])
		})
	}
	l.add(schemas.TopicNotes, t, t+l.minutes(2, 10), schemas.Event{Note: &schemas.Note{Kind: n.kind, Text: text}})
}
