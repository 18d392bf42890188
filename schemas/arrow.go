package schemas

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/apache/arrow/go/v17/arrow"
	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/ipc"
	"github.com/apache/arrow/go/v17/arrow/memory"
)

// Keys of an Arrow schema's metadata. The envelope is a JSON object with the fields of Head,
// the rate is in samples per second, and the gain in millivolt per unit.
const (
	metaHead = "vigil.head"
	metaRate = "vigil.rate_hz"
	metaGain = "vigil.gain_mv"
)

// StripSchema is the Arrow schema of an ECG strip: one int16 column for each lead, named
// after it and without nulls. Sampling rate, gain and envelope are in the metadata, since
// they hold for all samples.
func StripSchema(leads []string, meta arrow.Metadata) *arrow.Schema {
	fields := make([]arrow.Field, len(leads))
	for i, lead := range leads {
		fields[i] = arrow.Field{Name: lead, Type: arrow.PrimitiveTypes.Int16}
	}
	return arrow.NewSchema(fields, &meta)
}

// NumericSchema is the Arrow schema of many observations in one message on TopicVitals, one
// in each row. Unit and ref may be null; a null unit is the channel's canonical one.
func NumericSchema(meta arrow.Metadata) *arrow.Schema {
	return arrow.NewSchema([]arrow.Field{
		{Name: "channel", Type: arrow.BinaryTypes.String},
		{Name: "event_time", Type: arrow.FixedWidthTypes.Timestamp_ms},
		{Name: "value", Type: arrow.PrimitiveTypes.Float64},
		{Name: "unit", Type: arrow.BinaryTypes.String, Nullable: true},
		{Name: "ref", Type: arrow.BinaryTypes.String, Nullable: true},
	}, &meta)
}

// headMeta makes schema metadata of an envelope and of further keys and values in turn.
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

// encodeStrip makes the body of a strip, in one record batch.
func encodeStrip(s *Strip) ([]byte, error) {
	if len(s.Samples) != len(s.Leads) {
		return nil, fmt.Errorf("%d leads and samples of %d", len(s.Leads), len(s.Samples))
	}
	for i := range s.Samples {
		if len(s.Samples[i]) != len(s.Samples[0]) {
			return nil, fmt.Errorf("lead %s has %d samples, the first has %d", s.Leads[i], len(s.Samples[i]), len(s.Samples[0]))
		}
	}
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

// EncodeNumericBatch makes the Arrow body of a vitals message out of v's observations, by
// NumericSchema; it is to be sent with ContentArrow. Each observation must have a channel, a
// value and an event time, because the columns have no place for codes and texts; one that
// has not is an error.
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
		appendOrNull(b.Field(3), o.Unit)
		appendOrNull(b.Field(4), o.Ref)
	}
	record := b.NewRecord()
	defer record.Release()
	return writeArrow(schema, record.Columns(), int(record.NumRows()))
}

func appendOrNull(b array.Builder, s string) {
	if s == "" {
		b.AppendNull()
		return
	}
	b.(*array.StringBuilder).Append(s)
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
