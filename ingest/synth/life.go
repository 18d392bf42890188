package synth

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

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
