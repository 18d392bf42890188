package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Metadata keys of an Arrow schema. The envelope is a JSON object as in the JSON
// bodies.
const (
	metaHead = "vigil.head"
	metaRate = "vigil.rate_hz"
	metaGain = "vigil.gain_mv"
)

// StripSchema is the Arrow schema of an ECG strip: one int16 column per lead,
// named after it; sampling rate, gain and envelope in the metadata.
func StripSchema(leads []string, meta arrow.Metadata) *arrow.Schema {
	fields := make([]arrow.Field, len(leads))
	for i, lead := range leads {
		fields[i] = arrow.Field{Name: lead, Type: arrow.PrimitiveTypes.Int16}
	}
	return arrow.NewSchema(fields, &meta)
}

// NumericSchema is the Arrow schema of a bulk batch of observations on
// TopicVitals; unit and ref may be null.
func NumericSchema(meta arrow.Metadata) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "channel", Type: arrow.BinaryTypes.String},
		{Name: "event_time", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "value", Type: arrow.PrimitiveTypes.Float64},
		{Name: "unit", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "ref", Type: arrow.BinaryTypes.String, Nullable: true},
	}, &meta)
}

func headMeta(h *Head, more ...string) (arrow.Metadata, error) {
	b, err := json.Marshal(h)
	if err != nil {
		return arrow.Metadata{}, err
	}
	keys, values := []string{metaHead}, []string{string(b)}
	for i := 0; i < len(more); i += 2 {
		keys, values = append(keys, more[i]), append(values, more[i+1])
	}
	return arrow.NewMetadata(keys, values), nil
}

func encodeStrip(s *Strip) ([]byte, error) {
	meta, err := headMeta(&s.Head, metaRate, formatNumber(s.RateHz), metaGain, formatNumber(s.Gain))
	if err != nil {
		return nil, err
	}
	schema := StripSchema(s.Leads, meta)
	columns := make([]arrow.Array, len(s.Samples))
	rows := 0
	for i, samples := range s.Samples {
		b := array.NewInt16Builder(memory.DefaultAllocator)
		b.AppendValues(samples, nil)
		columns[i] = b.NewArray()
		b.Release()
		rows = len(samples)
	}
	return writeArrow(schema, columns, rows)
}

// EncodeNumericBatch makes the body of a bulk vitals message: v's observations
// with a channel and a value, as NumericSchema; send it with ContentArrow.
func EncodeNumericBatch(v *Vitals) ([]byte, error) {
	meta, err := headMeta(&v.Head)
	if err != nil {
		return nil, err
	}
	schema := NumericSchema(meta)
	b := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	defer b.Release()
	for i := range v.Observations {
		o := &v.Observations[i]
		if o.Channel == "" || o.Value == nil || o.EventTime == nil {
			return nil, fmt.Errorf("schemas: observation %d has no channel, value or event_time", i)
		}
		value, err := parseFloat(string(*o.Value))
		if err != nil {
			return nil, fmt.Errorf("schemas: observation %d: %w", i, err)
		}
		b.Field(0).(*array.StringBuilder).Append(o.Channel)
		b.Field(1).(*array.TimestampBuilder).Append(arrow.Timestamp(*o.EventTime))
		b.Field(2).(*array.Float64Builder).Append(value)
		b.Field(3).(*array.StringBuilder).Append(o.Unit)
		b.Field(4).(*array.StringBuilder).Append(o.Ref)
	}
	record := b.NewRecord()
	defer record.Release()
	return writeArrow(schema, record.Columns(), int(record.NumRows()))
}

func writeArrow(schema *arrow.Schema, columns []arrow.Array, rows int) ([]byte, error) {
	var out bytes.Buffer
	record := array.NewRecord(schema, columns, int64(rows))
	defer record.Release()
	w := ipc.NewWriter(&out, ipc.WithSchema(schema))
	if err := w.Write(record); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decodeArrow reads a strip or a numeric batch. The reader panics on some torn
// streams: that is a problem like any other.
func (e *Event) decodeArrow(body []byte) (problem *Problem) {
	unreadable := func(found string) *Problem {
		return NewProblem(Unreadable, "body", found, "a whole Arrow IPC stream")
	}
	defer func() {
		if r := recover(); r != nil {
			problem = unreadable(fmt.Sprint(r))
		}
	}()
	r, err := ipc.NewReader(bytes.NewReader(body))
	if err != nil {
		return unreadable(err.Error())
	}
	defer r.Release()
	meta := r.Schema().Metadata()
	text, ok := meta.GetValue(metaHead)
	if !ok {
		return NewProblem(BadField, "schema metadata "+metaHead, "", "the envelope as a JSON object")
	}
	var head Head
	if err := json.Unmarshal([]byte(text), &head); err != nil {
		p := jsonProblem([]byte(text), err)
		p.Field = metaHead + ": " + p.Field
		return p
	}
	if e.Topic == TopicECG {
		e.Strip = &Strip{Head: head}
		return e.Strip.read(r, meta, unreadable)
	}
	if e.Topic != TopicVitals {
		return NewProblem(UnknownType, "header "+HeaderContentType, ContentArrow, ContentJSON)
	}
	e.Vitals = &Vitals{Head: head}
	return e.Vitals.read(r, unreadable)
}

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
		return NewProblem(BadField, "leads", strconv.Itoa(len(fields)), "1 to 64 leads")
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

func (v *Vitals) read(r *ipc.Reader, unreadable func(string) *Problem) *Problem {
	want := NumericSchema(arrow.Metadata{})
	got := r.Schema()
	for i, f := range want.Fields() {
		if i >= got.NumFields() || got.Field(i).Name != f.Name || !arrow.TypeEqual(got.Field(i).Type, f.Type) {
			found := "nothing"
			if i < got.NumFields() {
				found = got.Field(i).Name + " " + got.Field(i).Type.String()
			}
			return NewProblem(BadField, "column "+strconv.Itoa(i), found, f.Name+" "+f.Type.String())
		}
	}
	for r.Next() {
		c := r.Record().Columns()
		channel, at, value := c[0].(*array.String), c[1].(*array.Timestamp), c[2].(*array.Float64)
		unit, ref := c[3].(*array.String), c[4].(*array.String)
		for i := range int(r.Record().NumRows()) {
			if channel.IsNull(i) || at.IsNull(i) || value.IsNull(i) {
				return NewProblem(NoValue, "row "+strconv.Itoa(i), "null", "channel, event_time and value")
			}
			number, when := json.Number(formatNumber(value.Value(i))), Time(at.Value(i))
			o := VitalsObservation{Channel: channel.Value(i), Value: &number, EventTime: &when}
			if !unit.IsNull(i) {
				o.Unit = unit.Value(i)
			}
			if !ref.IsNull(i) {
				o.Ref = ref.Value(i)
			}
			v.Observations = append(v.Observations, o)
		}
	}
	if err := r.Err(); err != nil {
		return unreadable(err.Error())
	}
	return nil
}
