package mimic

import (
	"cmp"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"unsafe"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// finish drops what is repeated and makes the patient's events. What it was made of is given
// free, so that memory falls while patients are yielded.
func (s *Source) finish(p *patient) *source.Patient {
	p.stops()
	p.values = s.dropDuplicates(p.values)
	out := &source.Patient{ID: s.edition.name + ":" + strconv.FormatInt(p.subject, 10), Stays: p.replayStays()}
	out.Events = append(out.Events, p.moves...)
	out.Events = s.appendVitals(out.Events, p.values)
	out.Events = s.appendNotes(out.Events, p.notes)
	slices.SortStableFunc(out.Events, func(a, b schemas.Event) int { return cmp.Compare(a.AvailableTime, b.AvailableTime) })
	p.values, p.notes, p.moves = nil, nil, nil
	return out
}

// dropDuplicates keeps, of the rows with one channel, event time and value, the one that was
// available first, and counts them all. It reorders values and returns a part of them.
func (s *Source) dropDuplicates(values []value) []value {
	slices.SortFunc(values, func(a, b value) int {
		return cmp.Or(
			cmp.Compare(a.channel, b.channel), cmp.Compare(a.at, b.at),
			cmp.Compare(math.Float32bits(a.number), math.Float32bits(b.number)), cmp.Compare(a.bits&second, b.bits&second),
			cmp.Compare(a.available, b.available), s.inMessage(&a, &b))
	})
	kept := values[:0]
	for _, v := range values {
		if n := len(kept); n > 0 && kept[n-1].channel == v.channel && kept[n-1].at == v.at && kept[n-1].number == v.number && (kept[n-1].bits^v.bits)&second == 0 {
			if v.bits&derived == 0 {
				s.count.Duplicate++
			}
			continue
		}
		kept = append(kept, v)
		if v.bits&derived != 0 {
			continue
		}
		s.count.Used++
		if v.bits&modelled != 0 {
			s.count.Modelled++
		} else {
			s.count.Recorded++
		}
	}
	return kept
}

// inMessage is the order of observations within a message. It is total: rows
// without an id are told apart by what they say, so that the order in which they
// were read does not matter.
func (s *Source) inMessage(a, b *value) int {
	if c := cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.table, b.table), cmp.Compare(a.row, b.row), cmp.Compare(a.bits, b.bits)); c != 0 {
		return c
	}
	return cmp.Or(cmp.Compare(a.item, b.item), cmp.Compare(a.number, b.number), cmp.Compare(s.text(a), s.text(b)))
}

// text is the text of a value, empty where its number says all.
func (s *Source) text(v *value) string {
	if v.said == 0 {
		return ""
	}
	return s.said[v.said-1].text
}

// appendVitals makes one message per available time, as one message is what became known at
// one moment.
func (s *Source) appendVitals(events []schemas.Event, values []value) []schemas.Event {
	slices.SortFunc(values, func(a, b value) int {
		return cmp.Or(cmp.Compare(a.available, b.available), s.inMessage(&a, &b))
	})
	var a arena
	times := make([]schemas.Time, len(values))
	numbers := make([]json.Number, len(values))
	observations := make([]schemas.VitalsObservation, len(values))
	for i := range values {
		v := &values[i]
		times[i] = v.at
		observations[i] = schemas.VitalsObservation{Channel: channelName(v.channel), EventTime: &times[i], Ref: a.ref(s.edition, v), Text: s.text(v)}
		if v.said > 0 {
			if told := &s.said[v.said-1]; told.text == "" {
				observations[i].Value, observations[i].Unit = &told.number, told.unit
			}
			continue
		}
		numbers[i] = json.Number(a.number(v.number))
		observations[i].Value = &numbers[i]
	}
	for from := 0; from < len(values); {
		to := from + 1
		for to < len(values) && values[to].available == values[from].available {
			to++
		}
		body := &schemas.Vitals{Observations: observations[from:to:to]}
		body.HasADT = true
		events = append(events, schemas.Event{Topic: schemas.TopicVitals,
			AvailableTime: values[from].available, EventTime: values[from].at, Vitals: body})
		from = to
	}
	return events
}

// arena gives many short texts in few allocations: a patient has thousands of references and
// numbers.
type arena struct{ chunk []byte }

const (
	arenaChunk  = 32 << 10
	longestText = 64 // of a reference or a number
)

// room is free space for one text, to be appended to.
func (a *arena) room() []byte {
	if cap(a.chunk)-len(a.chunk) < longestText {
		a.chunk = make([]byte, 0, arenaChunk)
	}
	return a.chunk[len(a.chunk):]
}

// take makes the text of what was appended to room; its bytes are never written again.
func (a *arena) take(b []byte) string {
	a.chunk = a.chunk[:len(a.chunk)+len(b)]
	return unsafe.String(&b[0], len(b))
}

// ref is "TABLE:id", or "table:item@time" where the table has no ids.
func (a *arena) ref(e *edition, v *value) string {
	b := append(a.room(), e.tables[v.table]...)
	b = append(b, ':')
	if v.bits&timed == 0 {
		return a.take(strconv.AppendInt(b, v.row, 10))
	}
	b = strconv.AppendInt(b, int64(v.item), 10)
	b = append(b, '@')
	return a.take(schemas.Time(v.row).Std().AppendFormat(b, "2006-01-02T15:04:05"))
}

// number is the shortest text that reads back as v.
func (a *arena) number(v float32) string {
	format := byte('f')
	if abs := math.Abs(float64(v)); abs != 0 && (abs < 1e-6 || abs >= 1e15) {
		format = 'e'
	}
	return a.take(strconv.AppendFloat(a.room(), float64(v), format, -1, 32))
}
