package synth

import (
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// Name of the source and domain of its patients.
const Name = "synth"

// Config is what an invented unit is a function of.
type Config struct {
	Seed     uint64
	Beds     int           // 0: 12
	Duration time.Duration // of the story; 0: 12 h
	Only     string        // every patient takes this pathway; empty: all of them in turn
	Files    fs.FS         // pathway files; nil: the shipped ones
}

// Unit is an invented unit. It implements replay.Source.
type Unit struct {
	config   Config
	pathways []Pathway
	hash     replay.Hasher
	events   int
}

// start of the story. Nothing looks at the wall's date.
var start = schemas.FromStd(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))

// casting is who lies in the first beds: somebody is ill from the beginning,
// others get worse later, some never do.
var casting = []string{"recovery", "sepsis", "healthy", "respiratory", "bleeding", "healthy", "arrhythmia", "recovery", "sepsis", "healthy", "bleeding", "respiratory"}

// New reads the pathways. Errors: a pathway file, or Only names none of them.
func New(c Config) (*Unit, error) {
	if c.Beds == 0 {
		c.Beds = 12
	}
	if c.Duration == 0 {
		c.Duration = 12 * time.Hour
	}
	if c.Beds < 0 || c.Beds > 10_000 || c.Duration < time.Minute || c.Duration > 30*24*time.Hour {
		return nil, fmt.Errorf("an invented unit of %d beds for %s: want 1 to 10000 beds and 1m to 720h", c.Beds, c.Duration)
	}
	pathways, err := Pathways(c.Files)
	if err != nil {
		return nil, err
	}
	u := &Unit{config: c, pathways: pathways}
	if c.Only != "" && u.pathway(c.Only) == nil {
		return nil, fmt.Errorf("there is no pathway %q", c.Only)
	}
	return u, nil
}

func (u *Unit) pathway(name string) *Pathway {
	i := slices.IndexFunc(u.pathways, func(p Pathway) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &u.pathways[i]
}

// Name implements replay.Source.
func (u *Unit) Name() string { return Name }

// Hash implements replay.Source.
func (u *Unit) Hash() string { return u.hash.Sum("") }

// Rows implements replay.Source: an event is a row, and all are used.
func (u *Unit) Rows() replay.RowCount {
	return replay.RowCount{Read: u.events, Used: u.events, RecordedTimes: u.events}
}

// Patients implements replay.Source: one patient per bed.
func (u *Unit) Patients(ctx context.Context) iter.Seq2[*replay.Patient, error] {
	return func(yield func(*replay.Patient, error) bool) {
		u.hash, u.events = replay.Hasher{}, 0
		for bed := range u.config.Beds {
			if err := ctx.Err(); err != nil {
				yield(nil, err)
				return
			}
			p := u.patient(bed)
			u.events += len(p.Events)
			u.hash.Add(p)
			if !yield(p, nil) {
				return
			}
		}
	}
}

// patient invents the patient of a bed; it depends on seed and bed alone.
func (u *Unit) patient(bed int) *replay.Patient {
	r := rand.New(rand.NewPCG(u.config.Seed, uint64(bed)+1))
	name := casting[bed%len(casting)]
	if u.pathway(name) == nil {
		name = u.pathways[bed%len(u.pathways)].Name
	}
	if u.config.Only != "" {
		name = u.config.Only
	}
	l := &life{r: r, path: u.pathway(name), bed: bed, end: start + schemas.Time(u.config.Duration.Milliseconds()),
		state: map[string]*drift{}, arterial: name != "healthy" && name != "recovery", pace: 0.75 + 0.6*r.Float64()}
	l.out = &replay.Patient{ID: fmt.Sprintf("%s:%04d", Name, bed+1)}
	l.stay = fmt.Sprintf("%s-%04d-1", Name, bed+1)
	l.live()
	slices.SortStableFunc(l.out.Events, func(a, b schemas.Event) int { return int(a.AvailableTime - b.AvailableTime) })
	return l.out
}

// drift is a channel on its way to a target.
type drift struct {
	value, target, noise float64
}

// life is one patient while being invented.
type life struct {
	r        *rand.Rand
	path     *Pathway
	bed      int
	stay     string
	end      schemas.Time
	pace     float64 // phases last so many times their length
	arterial bool
	rhythm   string
	scatter  float64
	state    map[string]*drift
	out      *replay.Patient
	off      map[string]schemas.Time // channel: sensor off until
}

// Intervals of measuring, in patient time.
const (
	tick       = 10 * schemas.Second
	cuffEvery  = 15 * schemas.Minute
	chartEvery = 30 * schemas.Minute
	stripEvery = 2 * schemas.Minute
	labsEvery  = 6 * schemas.Hour
	settle     = 6 * float64(schemas.Minute) // time constant of a drift
)

func (l *life) live() {
	l.off = map[string]schemas.Time{}
	l.rhythm, l.scatter = "sinus", 1
	for name, u := range usual {
		l.state[name] = &drift{value: u.value, target: u.value}
	}
	l.enter(&l.path.Phases[0], start, true)
	l.admit()
	phase, until := 0, start+schemas.Time(float64(l.path.Phases[0].Lasts.ms())*l.pace)
	over := false
	for t := start; t < l.end && !over; t += tick {
		if t >= until {
			if phase++; phase == len(l.path.Phases) {
				over = true
				l.discharge(t)
				break
			}
			l.enter(&l.path.Phases[phase], t, false)
			until = t + schemas.Time(float64(l.path.Phases[phase].Lasts.ms())*l.pace)
		}
		l.move()
		l.measure(t)
	}
	stay := replay.Stay{ID: l.stay, Admit: start}
	if over {
		stay.End = l.out.Events[len(l.out.Events)-1].AvailableTime
	}
	l.out.Stays = []replay.Stay{stay}
}

// enter begins a phase: new targets, a note, an image, labs.
func (l *life) enter(p *Phase, t schemas.Time, first bool) {
	for name, v := range p.Targets {
		l.state[name].target = v
		if first || usual[name].step == 1 && usual[name].kind == chart || name == "norepinephrine" || name == "fio2" {
			l.state[name].value = v
		}
	}
	if p.Rhythm != "" {
		l.rhythm = p.Rhythm
	}
	if l.scatter = p.Noise; l.scatter == 0 {
		l.scatter = 1
	}
	if p.Note != "" {
		l.note(t+schemas.Time(4+l.r.IntN(6))*schemas.Minute, "nursing", p.Note)
	}
	if p.Image != "" {
		at := t + schemas.Time(20+l.r.IntN(20))*schemas.Minute
		l.add(schemas.TopicImaging, at, at+schemas.Time(5+l.r.IntN(10))*schemas.Minute,
			schemas.Event{Image: &schemas.Image{Modality: p.Image, Reference: fmt.Sprintf("invented://%s/%d", l.out.ID, at)}})
	}
	if len(p.Labs) > 0 {
		l.labs(t+schemas.Minute, p.Labs)
	}
	if !first {
		l.charted(t, chartChannels)
	}
}

// move drifts every channel one tick towards its target.
func (l *life) move() {
	const share = 1 - 0.9726 // exp(-tick / settle), tick 10 s, settle 6 min
	for _, list := range [...][]string{monitorChannels, cuffChannels, chartChannels, labChannels, gasChannels[:3]} {
		for _, name := range list {
			d, u := l.state[name], usual[name]
			d.value += (d.target - d.value) * share
			if u.scatter > 0 {
				d.noise = 0.8*d.noise + 0.6*l.r.NormFloat64()
				d.noise = math.Max(-2, math.Min(2, d.noise))
			}
		}
	}
}

// shown is the channel's value as a device shows it.
func (l *life) shown(name string) float64 {
	d, u := l.state[name], usual[name]
	v := d.value + d.noise*u.scatter*l.scatter
	if name == "spo2" {
		v = math.Min(v, 100)
	}
	return math.Max(0, math.Round(v/u.step)*u.step)
}

func (l *life) number(name string) json.Number {
	decimals := 0
	for s := usual[name].step; s < 0.999; s *= 10 {
		decimals++
	}
	return json.Number(strconv.FormatFloat(l.shown(name), 'f', decimals, 64))
}

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
