package synth

import (
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
	r     *rand.Rand
	path  *Pathway
	bed   int // from 0
	stay  string
	begin schemas.Time
	end   schemas.Time // of the story
	pace  float64      // phases last so many times their length

	rhythm    string
	share     float64 // of the way to the target, in one tick
	labsEvery schemas.Time
	labsDue   schemas.Time
	state     []drift        // as usual
	off       []schemas.Time // as usual: the sensor is off until
	notes     []plannedNote
	out       *source.Patient
}

// plannedNote is written when its time has come, so that it tells the values then.
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

// live plays the pathway from phase to phase, tick by tick, until it or the story
// ends. Whoever comes to the end of the pathway goes to the ward.
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
			until = t + schemas.Time(float64(p.Lasts.or(0))*l.pace)
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
	l.share = 1 - math.Exp(-float64(tick)/float64(p.Settle.or(settle)))
	l.labsEvery = p.LabsEvery.or(labsEvery)
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

// minutes is a time of from to less than to minutes.
func (l *life) minutes(from, to int) schemas.Time {
	return schemas.Time(from*60+l.r.IntN((to-from)*60)) * schemas.Second
}

// move drifts every channel one tick towards its target. What a monitor shows
// wanders from tick to tick; the rest scatters anew with each measurement.
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

func clamp(noise float64) float64 { return math.Max(-2, math.Min(2, noise)) }

const unitName = "ICU"

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

// add stamps an event and keeps it, unless it would be known after the story.
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

var invented = []string{"invented"}
