package physionet

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// record is what the lines of one file say. Its memory is used again for the next file: a set
// has 4,000 of them.
type record struct {
	id          string
	descriptors [len(descriptorNames)]descriptor
	weight      float32 // kg, at 00:00; 0 where it is not known
	values      []value
	text        []byte                 // references and numbers of the values, one behind the other
	said        map[statement]struct{} // by the lines so far
}

// statement is what two lines that repeat each other have in common.
type statement struct {
	at      schemas.Time
	channel schemas.Channel
	number  float32
}

// value is one line that is fit to be sent.
type value struct {
	at, available schemas.Time // since admission
	channel       schemas.Channel

	// Places in the record's text: its reference is text[ref:digits], its number
	// text[digits:end].
	ref, digits, end int
}

// parameter is a channel as the records name it.
type parameter struct {
	channel schemas.Channel
	delay   schemas.Time // from the event time to the available time
	// own is what a site has laid over the name; nil where it has not.
	own *schemas.SiteCode
}

// parameters are the channels by the names that the records have for them.
var parameters = func() map[string]*parameter {
	m := make(map[string]*parameter)
	for c := 1; c < schemas.NumChannels(); c++ {
		info := schemas.Channel(c).Info()
		if info.PhysioNet == "" {
			continue
		}
		p := &parameter{channel: info.ID, delay: ChartDelay}
		if info.Group == "lab" {
			p.delay = LabDelay
		}
		m[info.PhysioNet] = p
	}
	return m
}()

var (
	acidity, _ = schemas.ChannelByName("ph")
	weight, _  = schemas.ChannelByName("weight")
)

// readRecord reads one record to its end and makes the patient of it. Bad lines are counted;
// an error is a file that is none of the data set, and ends the reading.
func (s *Source) readRecord(file, id string, text io.Reader) (*source.Patient, error) {
	if other, twice := s.seen[id]; twice {
		return nil, fmt.Errorf("record %s is there twice, in %s and in %s: take one of them away", id, other, file)
	}
	s.seen[id] = file
	at, err := s.header(file, text)
	if err != nil {
		return nil, err
	}
	r := &s.record
	clear(r.said)
	*r = record{id: id, values: r.values[:0], text: r.text[:0], said: r.said}
	for {
		fields, err := s.table.Next()
		if err == io.EOF {
			return r.patient(), nil
		}
		var torn *table.RowError
		switch {
		case errors.As(err, &torn):
			s.unreadable(torn)
		case err != nil:
			return nil, err
		default:
			if err := s.judge(fields[at[0]], bytes.TrimSpace(fields[at[1]]), bytes.TrimSpace(fields[at[2]])); err != nil {
				return nil, err
			}
		}
	}
}

// unreadable counts a line that cannot be read, and keeps where it is.
func (s *Source) unreadable(torn *table.RowError) {
	s.count.Reject(schemas.Unreadable)
	s.count.Problem(torn.Error())
}

// judge puts a line into its class and keeps what is used. The error is that of describe.
func (s *Source) judge(clock, name, text []byte) error {
	t, ok := clockTime(clock)
	if !ok {
		s.unreadable(&table.RowError{File: s.table.File(), Line: s.table.Line(), What: fmt.Sprintf("time %.40q is not HH:MM", clock)})
		return nil
	}
	v, ok := table.Float(text)
	if !ok && len(text) > 0 {
		s.unreadable(&table.RowError{File: s.table.File(), Line: s.table.Line(), What: fmt.Sprintf("value %.40q is not a number", text)})
		return nil
	}
	known := ok && v != -1
	if len(name) == 0 {
		s.count.Reject(schemas.NoValue)
		return nil
	}
	if t == 0 {
		if d := descriptorOf(name); d >= 0 {
			return s.describe(d, v, known)
		}
	}
	p := s.parameters[string(name)]
	switch {
	case p == nil:
		s.count.Unmap(string(name))
	case t > Length:
		s.count.Reject(schemas.OutsideStay)
	case !known:
		s.count.Reject(schemas.NoValue)
	default:
		s.keep(p, t, v)
	}
	return nil
}

// keep takes the value to the channel's unit, or rejects it.
func (s *Source) keep(p *parameter, t schemas.Time, v float64) {
	if p.channel == acidity {
		v = mendPH(v)
	}
	unit := ""
	if p.own != nil {
		v, unit = p.own.Read(v, "")
	}
	number, flags, problem := p.channel.Convert(v, unit)
	if problem != nil {
		s.count.Reject(problem.Reason)
		return
	}
	r := &s.record
	said := statement{t, p.channel, number}
	if _, before := r.said[said]; before {
		s.count.Duplicate++
		return
	}
	r.said[said] = struct{}{}
	s.count.Used++
	s.count.Modelled++
	if p.channel == weight && t == 0 && r.weight == 0 {
		r.weight = number
	}
	told := strconv.FormatFloat(float64(number), 'f', -1, 32) // the shortest that reads back
	if flags&schemas.Assumed != 0 {
		s.count.Assumed++
	}
	if flags&schemas.Assumed != 0 && p.own == nil { // a site's own unit is none that intake would look for
		told = strconv.FormatFloat(v, 'f', -1, 64) // intake is to find the flag for itself
	}
	r.add(p, t, told, s.table.Line())
}

// mendPH puts back the decimal point that a pH of 65 to 80 has lost once and one of 650 to 800
// twice. No pH is that high, so nothing that was right is changed.
func mendPH(v float64) float64 {
	switch {
	case v >= 65 && v <= 80:
		return v / 10
	case v >= 650 && v <= 800:
		return v / 100
	}
	return v
}

// clockTime reads HH:MM, with one to three digits of hours, as the time since admission.
func clockTime(b []byte) (schemas.Time, bool) {
	colon := bytes.IndexByte(b, ':')
	if colon < 1 || colon > 3 || len(b) != colon+3 {
		return 0, false
	}
	hours, ok1 := table.Int(b[:colon])
	minutes, ok2 := table.Int(b[colon+1:])
	if !ok1 || !ok2 || hours < 0 || minutes < 0 || minutes > 59 {
		return 0, false
	}
	return schemas.Time(hours)*schemas.Hour + schemas.Time(minutes)*schemas.Minute, true
}

// add keeps the value of a line, told as the text of a number. Its reference and its number are written behind each other
// into one text, which becomes one string for the whole patient.
func (r *record) add(p *parameter, t schemas.Time, told string, line int) {
	v := value{at: t, available: t + p.delay, channel: p.channel, ref: len(r.text)}
	r.text = append(append(r.text, r.id...), ':')
	r.text = strconv.AppendInt(r.text, int64(line), 10)
	v.digits = len(r.text)
	r.text = append(r.text, told...)
	v.end = len(r.text)
	r.values = append(r.values, v)
}

// patient makes the record's events: the admit, values as they become available, the end.
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

// move is the event of a movement, which is known at once.
func move(t schemas.Time, a *schemas.ADT) schemas.Event {
	a.HasADT = true
	return schemas.Event{Topic: schemas.TopicADT, AvailableTime: t, EventTime: t, ADT: a}
}

// appendVitals makes one message per available time, as one message is what became known at
// one moment. Values of one event time keep the order of their lines.
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
