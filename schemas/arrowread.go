package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
)

// decodeArrow reads a strip or a numeric batch. The Arrow reader panics on some torn streams,
// which is a problem of the message like any other, so the panic ends here. What the reader
// may allocate is bounded by the length of the body.
func (e *Event) decodeArrow(body []byte, limits *Limits) (problem *Problem) {
	unreadable := func(found string) *Problem {
		return NewProblem(Unreadable, "body", found, "a whole Arrow IPC stream")
	}
	defer func() {
		if r := recover(); r != nil {
			problem = unreadable(fmt.Sprint(r))
		}
	}()
	if problem := checkArrowFrames(body); problem != nil {
		return problem
	}
	r, err := ipc.NewReader(bytes.NewReader(body), ipc.WithAllocator(&budget{left: 4*len(body) + 1<<20}))
	if err != nil {
		return unreadable(err.Error())
	}
	defer r.Release()
	meta := r.Schema().Metadata()
	text, ok := meta.GetValue(metaHead)
	if !ok || !utf8.ValidString(text) {
		return NewProblem(BadField, "schema metadata "+metaHead, text, "the envelope as a JSON object")
	}
	var head Head
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		p := jsonProblem([]byte(text), err)
		p.Field = "schema metadata " + metaHead + ": " + p.Field
		return p
	}
	if e.Topic == TopicECG {
		e.Strip = &Strip{Head: head}
		return e.Strip.read(r, meta, unreadable)
	}
	e.Vitals = &Vitals{Head: head}
	return e.Vitals.read(r, limits, unreadable)
}

// read takes rate, gain and leads from the schema and the samples from all record batches.
func (s *Strip) read(r *ipc.Reader, meta arrow.Metadata, unreadable func(string) *Problem) *Problem {
	for _, f := range [...]struct {
		key  string
		into *float64
	}{{metaRate, &s.RateHz}, {metaGain, &s.Gain}} {
		text, _ := meta.GetValue(f.key)
		v, err := parseFloat(text)
		if err != nil {
			return NewProblem(BadField, "schema metadata "+f.key, text, "a number")
		}
		*f.into = v
	}
	fields := r.Schema().Fields()
	if len(fields) > maxLeads {
		return NewProblem(BadField, "leads", strconv.Itoa(len(fields)), fmt.Sprintf("1 to %d leads", maxLeads))
	}
	for _, f := range fields {
		if f.Type.ID() != arrow.INT16 {
			return NewProblem(BadField, "column "+f.Name, f.Type.String(), "int16 samples")
		}
		s.Leads = append(s.Leads, f.Name)
	}
	s.Samples = make([][]int16, len(fields))
	for r.Next() {
		for i, column := range r.Record().Columns() {
			if column.NullN() > 0 {
				return NewProblem(BadField, "column "+s.Leads[i], strconv.Itoa(column.NullN())+" nulls", "no nulls")
			}
			s.Samples[i] = append(s.Samples[i], column.(*array.Int16).Int16Values()...)
		}
	}
	if err := r.Err(); err != nil {
		return unreadable(err.Error())
	}
	return nil
}

// read takes an observation from each row. Further columns behind those of NumericSchema are
// passed over, as unknown JSON fields are.
func (v *Vitals) read(r *ipc.Reader, limits *Limits, unreadable func(string) *Problem) *Problem {
	want, got := NumericSchema(arrow.Metadata{}), r.Schema()
	for i, f := range want.Fields() {
		switch {
		case i >= got.NumFields():
			return NewProblem(BadField, "column "+strconv.Itoa(i), "nothing", f.Name+" "+f.Type.String())
		case got.Field(i).Name != f.Name || !sameType(got.Field(i).Type, f.Type):
			return NewProblem(BadField, "column "+strconv.Itoa(i), got.Field(i).Name+" "+got.Field(i).Type.String(), f.Name+" "+f.Type.String())
		}
	}
	for r.Next() {
		record := r.Record()
		if len(v.Observations)+int(record.NumRows()) > limits.Of(LimitMessageValues) {
			return NewProblem(TooLarge, "rows", strconv.Itoa(len(v.Observations)+int(record.NumRows())), fmt.Sprintf("at most %d in a message", limits.Of(LimitMessageValues)))
		}
		c := record.Columns()
		channel, at, value := c[0].(*array.String), c[1].(*array.Timestamp), c[2].(*array.Float64)
		unit, ref := c[3].(*array.String), c[4].(*array.String)
		for i := range int(record.NumRows()) {
			v.Observations = append(v.Observations, numericRow(channel, at, value, unit, ref, i))
		}
	}
	if err := r.Err(); err != nil {
		return unreadable(err.Error())
	}
	return nil
}

// sameType says whether a column has the type that is wanted. A time in milliseconds may have
// any zone: Arrow keeps such times in UTC and names the zone only for showing them.
func sameType(got, want arrow.DataType) bool {
	if t, ok := got.(*arrow.TimestampType); ok && want.ID() == arrow.TIMESTAMP {
		return t.Unit == arrow.Millisecond
	}
	return arrow.TypeEqual(got, want)
}

// numericRow makes the observation of row i. A null is a field that is missing, and whatever
// cannot be read is the observation's Problem, which leaves the other rows alone.
func numericRow(channel *array.String, at *array.Timestamp, value *array.Float64, unit, ref *array.String, i int) VitalsObservation {
	var o VitalsObservation
	for _, f := range [...]struct {
		column *array.String
		into   *string
		name   string
	}{{channel, &o.Channel, "channel"}, {unit, &o.Unit, "unit"}, {ref, &o.Ref, "ref"}} {
		if f.column.IsNull(i) {
			continue
		}
		s := f.column.Value(i)
		if !utf8.ValidString(s) {
			return VitalsObservation{Problem: NewProblem(Unreadable, f.name, s, "valid UTF-8")}
		}
		*f.into = strings.Clone(s)
	}
	if !at.IsNull(i) {
		when, err := checked(Time(at.Value(i)).Std(), strconv.FormatInt(int64(at.Value(i)), 10))
		if err != nil {
			return VitalsObservation{Problem: NewProblem(BadTime, "event_time", err.Error(), "milliseconds since 1970, UTC, in the years 1800 to 2400")}
		}
		o.EventTime = &when
	}
	if !value.IsNull(i) {
		number := json.Number(formatNumber(value.Value(i)))
		o.Value = &number
	}
	return o
}
