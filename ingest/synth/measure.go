package synth

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

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

// monitorTick sends what the bedside monitor has, with drop-outs; now and then a
// message is late, or comes twice.
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

// vitals is one message of canonical values measured at one moment.
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

// charted is written down by a nurse a little later.
func (l *life) charted(t schemas.Time, channels []int) {
	l.vitals(t, t+schemas.Time(20+l.r.IntN(100))*schemas.Second, channels)
}

// labs come back after about an hour, blood gases after five minutes.
func (l *life) labs(t schemas.Time, channels []int) {
	delay := l.minutes(40, 70)
	if slices.Contains(channels, bloodGas[0]) {
		delay = 5 * schemas.Minute
	}
	l.vitals(t, t+delay, channels)
}

// note is signed some minutes after the moment that it describes.
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
