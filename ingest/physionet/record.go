package physionet

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/ingest/table"
	"github.com/vigil-icu/vigil/schemas"
)

// record is what the lines of one file say. Its memory is used again.
type record struct {
	id          string
	descriptors [len(descriptorNames)]descriptor
	weight      float32 // at 00:00; 0: not known
	values      []value
	text        []byte // references and numbers of the values, one behind the other
	said        map[statement]struct{}
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
	number        float32
	channel       schemas.Channel
	ref, end      int // in text: where its reference begins, and its number ends
	digits        int // ... and its number begins
}

// parameter is a channel as the records name it.
type parameter struct {
	channel schemas.Channel
	delay   schemas.Time
}

// parameters are the channels by the names that the records have for them.
var parameters = func() map[string]*parameter {
	m := make(map[string]*parameter)
	for c := 1; c < schemas.NumChannels(); c++ {
		info := schemas.Channel(c).Info()
		if info.PhysioNet == "" {
			continue
		}
		p := &parameter{info.ID, ChartDelay}
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

// readRecord reads one record to its end and makes the patient of it.
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

func (s *Source) unreadable(torn *table.RowError) {
	s.count.Reject(schemas.Unreadable)
	s.count.Problem(torn.Error())
}

// judge puts a line into its class and keeps what is used.
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
	p := parameters[string(name)]
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
	number, problem := p.channel.Convert(v, "")
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
	r.add(p, t, number, s.table.Line())
}

// mendPH puts back the point that 65 to 80 have lost once and 650 to 800 twice.
func mendPH(v float64) float64 {
	switch {
	case v >= 65 && v <= 80:
		return v / 10
	case v >= 650 && v <= 800:
		return v / 100
	}
	return v
}

// clockTime reads HH:MM as the time since admission.
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
