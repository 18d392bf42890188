package judge

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/compress"
	"github.com/apache/arrow/go/v17/parquet/file"
	"github.com/apache/arrow/go/v17/parquet/schema"

	"github.com/vigil-icu/vigil/schemas"
)

// WriteCSV writes a line for every stay and full hour at which the model said something: the
// columns of WriteHours. died is empty where the outcome is not known.
func WriteCSV(w io.Writer, stays []Stay) error {
	table := csv.NewWriter(w)
	_ = table.Write([]string{"patient", "stay", "time", "hour", "died", "probability", "news2", "sofa"}) // Error tells
	eachSaid(stays, func(s *Stay, p *Point) {
		died := strconv.Itoa(whole(s.Died))
		if s.NoOutcome {
			died = ""
		}
		_ = table.Write([]string{
			s.Patient, s.ID, s.moment(p).String(), strconv.FormatFloat(p.Hour, 'g', -1, 64), died,
			strconv.FormatFloat(float64(p.Risk), 'g', -1, 32), strconv.Itoa(p.NEWS2), strconv.Itoa(p.SOFA),
		})
	})
	table.Flush()
	return table.Error()
}

// eachSaid visits the points at which the model said something.
func eachSaid(stays []Stay, visit func(*Stay, *Point)) {
	for i := range stays {
		for k := range stays[i].Points {
			if p := &stays[i].Points[k]; !math.IsNaN(float64(p.Risk)) {
				visit(&stays[i], p)
			}
		}
	}
}

// moment is the time of a point.
func (s *Stay) moment(p *Point) schemas.Time {
	return s.Admitted + schemas.Time(math.Round(p.Hour*float64(schemas.Hour)))
}

// WriteHours writes a probability for every stay and full hour as Parquet. died is null where the
// outcome is not known. A stay of which the model said nothing at an hour has no row for it.
func WriteHours(w io.Writer, stays []Stay) error {
	var patient, stay []parquet.ByteArray
	var at []moment
	var hour, risk []float64
	var died maybe
	var news2, sofa []int32
	eachSaid(stays, func(s *Stay, p *Point) {
		patient, stay = append(patient, parquet.ByteArray(s.Patient)), append(stay, parquet.ByteArray(s.ID))
		at, hour, risk = append(at, moment(s.moment(p))*1000), append(hour, p.Hour), append(risk, float64(p.Risk))
		died.add(s.Died, !s.NoOutcome)
		news2, sofa = append(news2, int32(p.NEWS2)), append(sofa, int32(p.SOFA))
	})
	return writeTable(w, []column{{"patient", patient}, {"stay", stay}, {"time", at}, {"hour", hour}, {"died", died}, {"probability", risk}, {"news2", news2}, {"sofa", sofa}})
}

// WritePredictions writes the same probabilities as Parquet in the columns that meds-evaluation
// reads, and no others, which it refuses: subject_id is the number in the patient's id,
// prediction_time the moment, boolean_value the outcome. Stays without an outcome have no rows.
func WritePredictions(w io.Writer, stays []Stay) (err error) {
	var subject []int64
	var at []moment
	var died []bool
	var called maybe // no threshold is the model's: all are null
	var risk []float64
	eachSaid(stays, func(s *Stay, p *Point) {
		if s.NoOutcome {
			return
		}
		_, id, _ := strings.Cut(s.Patient, ":")
		number, wrong := strconv.ParseInt(id, 10, 64)
		if wrong != nil {
			err = fmt.Errorf("patient %s: the id behind the colon is no whole number, which a table of predictions wants", s.Patient)
		}
		subject, at = append(subject, number), append(at, moment(s.moment(p))*1000)
		died, risk = append(died, s.Died), append(risk, float64(p.Risk))
		called.add(false, false)
	})
	if err != nil {
		return err
	}
	return writeTable(w, []column{{"subject_id", subject}, {"prediction_time", at}, {"boolean_value", died}, {"predicted_boolean_value", called}, {"predicted_boolean_probability", risk}})
}

// Prediction is a row of WriteMEDS: what a model said of a subject at a moment, before anybody knows what comes of it.
type Prediction struct {
	Subject     int64
	At          schemas.Time
	Probability float32
	Called      bool // it was at or above what was taken for a yes then
}

// WriteMEDS writes predictions as Parquet in the columns of meds-evaluation whose outcome is not known: there is no
// boolean_value, which whoever judges them joins by subject_id and prediction_time. The metadata of the file say what
// Vigil is not.
func WriteMEDS(w io.Writer, predictions []Prediction) error {
	var subject []int64
	var at []moment
	var called maybe
	var risk []float64
	for _, p := range predictions {
		subject, at = append(subject, p.Subject), append(at, moment(p.At)*1000)
		called.add(p.Called, true)
		risk = append(risk, float64(p.Probability))
	}
	return writeTable(w, []column{{"subject_id", subject}, {"prediction_time", at}, {"predicted_boolean_value", called}, {"predicted_boolean_probability", risk}}, "notice", "Vigil is "+schemas.Notice+".")
}

// column of a table; all have the same length.
type column struct {
	name   string
	values any
}

// moment is a time in microseconds.
type moment int64

// maybe are values of which some are not known: level is 1 for each that is.
type maybe struct {
	known []bool
	level []int16
}

func (m *maybe) add(v, known bool) {
	if known {
		m.known = append(m.known, v)
	}
	m.level = append(m.level, int16(whole(known)))
}

// writeTable writes one row group. The writer of the library panics where it is used wrongly, and
// returns what goes wrong with w. It would close w too, which is the caller's to close.
// metadata are keys and values by turns.
func writeTable(w io.Writer, columns []column, metadata ...string) error {
	var nodes schema.FieldList
	for _, c := range columns {
		nodes = append(nodes, c.node())
	}
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		return err
	}
	f := file.NewParquetWriter(struct{ io.Writer }{w}, root, file.WithWriterProps(parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Gzip), parquet.WithCreatedBy("vigil"))))
	for i := 0; i+1 < len(metadata); i += 2 {
		if err := f.AppendKeyValueMetadata(metadata[i], metadata[i+1]); err != nil {
			return err
		}
	}
	group := f.AppendRowGroup()
	for _, c := range columns {
		chunk, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := c.fill(chunk); err != nil {
			return err
		}
		if err := chunk.Close(); err != nil {
			return err
		}
	}
	if err := group.Close(); err != nil {
		return err
	}
	return f.Close()
}

// node is the column's line of the schema.
func (c *column) node() schema.Node {
	required := parquet.Repetitions.Required
	plain := func(t parquet.Type, r parquet.Repetition) schema.Node {
		return schema.MustPrimitive(schema.NewPrimitiveNode(c.name, r, t, -1, -1))
	}
	logical := func(l schema.LogicalType, t parquet.Type) schema.Node {
		return schema.MustPrimitive(schema.NewPrimitiveNodeLogical(c.name, required, l, t, -1, -1))
	}
	switch c.values.(type) {
	case []int64:
		return plain(parquet.Types.Int64, required)
	case []moment:
		return logical(schema.NewTimestampLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64)
	case []bool:
		return plain(parquet.Types.Boolean, required)
	case maybe:
		return plain(parquet.Types.Boolean, parquet.Repetitions.Optional)
	case []float64:
		return plain(parquet.Types.Double, required)
	case []int32:
		return plain(parquet.Types.Int32, required)
	}
	return logical(schema.StringLogicalType{}, parquet.Types.ByteArray)
}

// fill writes the values of a column.
func (c *column) fill(chunk file.ColumnChunkWriter) (err error) {
	switch values := c.values.(type) {
	case []int64:
		_, err = chunk.(*file.Int64ColumnChunkWriter).WriteBatch(values, nil, nil)
	case []moment:
		plain := make([]int64, len(values))
		for i, v := range values {
			plain[i] = int64(v)
		}
		_, err = chunk.(*file.Int64ColumnChunkWriter).WriteBatch(plain, nil, nil)
	case []bool:
		_, err = chunk.(*file.BooleanColumnChunkWriter).WriteBatch(values, nil, nil)
	case maybe:
		_, err = chunk.(*file.BooleanColumnChunkWriter).WriteBatch(values.known, values.level, nil)
	case []float64:
		_, err = chunk.(*file.Float64ColumnChunkWriter).WriteBatch(values, nil, nil)
	case []int32:
		_, err = chunk.(*file.Int32ColumnChunkWriter).WriteBatch(values, nil, nil)
	case []parquet.ByteArray:
		_, err = chunk.(*file.ByteArrayColumnChunkWriter).WriteBatch(values, nil, nil)
	default:
		err = fmt.Errorf("column %s: values of type %T cannot be written", c.name, c.values)
	}
	return err
}
