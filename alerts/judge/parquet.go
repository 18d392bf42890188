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

// WriteCSV writes a probability for every stay and full hour, as WritePredictions does.
func WriteCSV(w io.Writer, stays []Stay) error {
	table := csv.NewWriter(w)
	_ = table.Write([]string{"patient", "stay", "time", "hour", "died", "probability", "news2", "sofa"}) // Error tells
	for i := range stays {
		s := &stays[i]
		for k := range s.Points {
			p := &s.Points[k]
			if math.IsNaN(float64(p.Risk)) {
				continue
			}
			_ = table.Write([]string{
				s.Patient, s.ID, s.moment(p).String(), strconv.FormatFloat(p.Hour, 'g', -1, 64), strconv.Itoa(whole(s.Died)),
				strconv.FormatFloat(float64(p.Risk), 'g', -1, 32), strconv.Itoa(p.NEWS2), strconv.Itoa(p.SOFA),
			})
		}
	}
	table.Flush()
	return table.Error()
}

// moment is the time of a point.
func (s *Stay) moment(p *Point) schemas.Time {
	return s.Admitted + schemas.Time(math.Round(p.Hour*float64(schemas.Hour)))
}

// columns of a table of predictions.
type columns struct {
	subject, at []int64
	died        []bool
	risk        []float64
	stay        []parquet.ByteArray
	hour        []float64
	news2       []int32
	sofa        []int32
}

// WritePredictions writes a probability for every stay and full hour as Parquet, in the columns
// that meds-evaluation reads: subject_id is the number in the patient's id, prediction_time the
// moment, boolean_value the outcome. Behind them stand stay, hour, NEWS2 and SOFA. A stay of which the
// model said nothing at an hour has no row for it.
func WritePredictions(w io.Writer, stays []Stay) error {
	var c columns
	for i := range stays {
		s := &stays[i]
		_, id, _ := strings.Cut(s.Patient, ":")
		subject, err := strconv.ParseInt(id, 10, 64)
		if err != nil {
			return fmt.Errorf("patient %s: the id behind the colon is no whole number, which a table of predictions wants", s.Patient)
		}
		for k := range s.Points {
			p := &s.Points[k]
			if math.IsNaN(float64(p.Risk)) {
				continue
			}
			at := s.moment(p)
			c.subject, c.at, c.died = append(c.subject, subject), append(c.at, int64(at)*1000), append(c.died, s.Died)
			c.risk, c.stay = append(c.risk, float64(p.Risk)), append(c.stay, parquet.ByteArray(s.ID))
			c.hour, c.news2 = append(c.hour, p.Hour), append(c.news2, int32(p.NEWS2))
			c.sofa = append(c.sofa, int32(p.SOFA))
		}
	}
	return c.write(w)
}

// write writes one row group. The writer of the library panics where it is used wrongly, and
// returns what goes wrong with w. It would close w too, which is the caller's to close.
func (c *columns) write(w io.Writer) error {
	var nodes schema.FieldList
	plain := func(name string, t parquet.Type, r parquet.Repetition) {
		nodes = append(nodes, schema.MustPrimitive(schema.NewPrimitiveNode(name, r, t, -1, -1)))
	}
	logical := func(name string, l schema.LogicalType, t parquet.Type) {
		nodes = append(nodes, schema.MustPrimitive(schema.NewPrimitiveNodeLogical(name, parquet.Repetitions.Required, l, t, -1, -1)))
	}
	plain("subject_id", parquet.Types.Int64, parquet.Repetitions.Required)
	logical("prediction_time", schema.NewTimestampLogicalType(false, schema.TimeUnitMicros), parquet.Types.Int64)
	plain("boolean_value", parquet.Types.Boolean, parquet.Repetitions.Required)
	plain("predicted_boolean_value", parquet.Types.Boolean, parquet.Repetitions.Optional)
	plain("predicted_boolean_probability", parquet.Types.Double, parquet.Repetitions.Required)
	logical("stay", schema.StringLogicalType{}, parquet.Types.ByteArray)
	plain("hour", parquet.Types.Double, parquet.Repetitions.Required)
	plain("news2", parquet.Types.Int32, parquet.Repetitions.Required)
	plain("sofa", parquet.Types.Int32, parquet.Repetitions.Required)
	root, err := schema.NewGroupNode("schema", parquet.Repetitions.Required, nodes, -1)
	if err != nil {
		return err
	}
	f := file.NewParquetWriter(struct{ io.Writer }{w}, root, file.WithWriterProps(parquet.NewWriterProperties(parquet.WithCompression(compress.Codecs.Gzip), parquet.WithCreatedBy("vigil"))))
	group := f.AppendRowGroup()
	for range nodes {
		column, err := group.NextColumn()
		if err != nil {
			return err
		}
		if err := c.fill(column); err != nil {
			return err
		}
		if err := column.Close(); err != nil {
			return err
		}
	}
	if err := group.Close(); err != nil {
		return err
	}
	return f.Close()
}

// fill writes the values of a column.
func (c *columns) fill(column file.ColumnChunkWriter) (err error) {
	switch name := column.Descr().Name(); name {
	case "subject_id":
		_, err = column.(*file.Int64ColumnChunkWriter).WriteBatch(c.subject, nil, nil)
	case "prediction_time":
		_, err = column.(*file.Int64ColumnChunkWriter).WriteBatch(c.at, nil, nil)
	case "boolean_value":
		_, err = column.(*file.BooleanColumnChunkWriter).WriteBatch(c.died, nil, nil)
	case "predicted_boolean_value": // no threshold is the model's: all are null
		_, err = column.(*file.BooleanColumnChunkWriter).WriteBatch(nil, make([]int16, len(c.died)), nil)
	case "predicted_boolean_probability":
		_, err = column.(*file.Float64ColumnChunkWriter).WriteBatch(c.risk, nil, nil)
	case "stay":
		_, err = column.(*file.ByteArrayColumnChunkWriter).WriteBatch(c.stay, nil, nil)
	case "hour":
		_, err = column.(*file.Float64ColumnChunkWriter).WriteBatch(c.hour, nil, nil)
	case "news2":
		_, err = column.(*file.Int32ColumnChunkWriter).WriteBatch(c.news2, nil, nil)
	case "sofa":
		_, err = column.(*file.Int32ColumnChunkWriter).WriteBatch(c.sofa, nil, nil)
	default:
		err = fmt.Errorf("column %s has no values", name)
	}
	return err
}
