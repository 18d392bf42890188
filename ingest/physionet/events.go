package physionet

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// add keeps a value of a line.
func (r *record) add(p *parameter, t schemas.Time, number float32, line int) {
	v := value{at: t, available: t + p.delay, number: number, channel: p.channel, ref: len(r.text)}
	r.text = append(append(r.text, r.id...), ':')
	r.text = strconv.AppendInt(r.text, int64(line), 10)
	v.digits = len(r.text)
	r.text = strconv.AppendFloat(r.text, float64(number), 'f', -1, 32) // the shortest that reads back
	v.end = len(r.text)
	r.values = append(r.values, v)
}

// patient makes the record's events: admit, values as they become available, end.
func (r *record) patient() *source.Patient {
	statics := r.statics()
	stay := source.Stay{ID: r.id, Admit: Admitted, End: Admitted + Length}
	out := &source.Patient{ID: Name + ":" + r.id, Stays: []source.Stay{stay}}
	out.Events = append(out.Events, move(stay.Admit, &schemas.ADT{Type: "admit", Stay: r.id, Unit: statics.Unit, Statics: statics}))
	out.Events = r.appendVitals(out.Events)
	out.Events = append(out.Events, move(stay.End, &schemas.ADT{Type: "discharge", Stay: r.id, Unit: statics.Unit}))
	slices.SortStableFunc(out.Events, func(a, b schemas.Event) int { return cmp.Compare(a.AvailableTime, b.AvailableTime) })
	return out
}

func move(t schemas.Time, a *schemas.ADT) schemas.Event {
	a.HasADT = true
	return schemas.Event{Topic: schemas.TopicADT, AvailableTime: t, EventTime: t, ADT: a}
}

// appendVitals makes one message per available time.
func (r *record) appendVitals(events []schemas.Event) []schemas.Event {
	slices.SortStableFunc(r.values, func(a, b value) int {
		return cmp.Or(cmp.Compare(a.available, b.available), cmp.Compare(a.at, b.at))
	})
	text := string(r.text)
	times := make([]schemas.Time, len(r.values))
	numbers := make([]json.Number, len(r.values))
	observations := make([]schemas.VitalsObservation, len(r.values))
	for i := range r.values {
		v := &r.values[i]
		times[i] = Admitted + v.at
		numbers[i] = json.Number(text[v.digits:v.end])
		observations[i] = schemas.VitalsObservation{Channel: v.channel.Info().Name, Value: &numbers[i], EventTime: &times[i], Ref: text[v.ref:v.digits]}
	}
	for from := 0; from < len(r.values); {
		to := from + 1
		for to < len(r.values) && r.values[to].available == r.values[from].available {
			to++
		}
		body := &schemas.Vitals{Observations: observations[from:to:to]}
		body.HasADT = true
		events = append(events, schemas.Event{Topic: schemas.TopicVitals,
			AvailableTime: Admitted + r.values[from].available, EventTime: times[from], Vitals: body})
		from = to
	}
	return events
}
