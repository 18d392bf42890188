package judge

import (
	"bytes"
	"context"
	"math"
	"strings"
	"testing"

	"github.com/apache/arrow/go/v17/arrow/array"
	"github.com/apache/arrow/go/v17/arrow/memory"
	"github.com/apache/arrow/go/v17/parquet"
	"github.com/apache/arrow/go/v17/parquet/pqarrow"

	"github.com/vigil-icu/vigil/schemas"
)

// A row for each stay and hour of which the model said something, read back by another reader
// than the writer's own types.
func TestPredictionsAreRead(t *testing.T) {
	stays := []Stay{
		{Patient: "physionet2012:132539", ID: "132539", Admitted: 1000, Outcome: Outcome{Died: true}, Points: []Point{{Hour: 1, Risk: 0.25, NEWS2: 3}, {Hour: 2, Risk: float32(math.NaN())}}},
		{Patient: "physionet2012:7", ID: "7", Points: []Point{{Hour: 48, Risk: 0.5, NEWS2: 0}}},
	}
	var b bytes.Buffer
	if err := WritePredictions(&b, stays); err != nil {
		t.Fatal(err)
	}
	table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(b.Bytes()), parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	var names []string
	for i := range int(table.NumCols()) {
		names = append(names, table.Column(i).Name())
	}
	if got := strings.Join(names, " "); table.NumRows() != 2 || got != "subject_id prediction_time boolean_value predicted_boolean_value predicted_boolean_probability" {
		t.Fatalf("%d rows of %s", table.NumRows(), got)
	}
	subject := table.Column(0).Data().Chunk(0).(*array.Int64)
	at := table.Column(1).Data().Chunk(0).(*array.Timestamp)
	died := table.Column(2).Data().Chunk(0).(*array.Boolean)
	risk := table.Column(4).Data().Chunk(0).(*array.Float64)
	if subject.Value(0) != 132539 || int64(at.Value(0)) != (1000+int64(schemas.Hour))*1000 || !died.Value(0) || died.Value(1) || risk.Value(0) != 0.25 || subject.Value(1) != 7 {
		t.Errorf("subjects %v, times %v, outcomes %v, risks %v", subject, at, died, risk)
	}
	if err := WritePredictions(&b, []Stay{{Patient: "site:A-7", Points: []Point{{}}}}); err == nil || !strings.Contains(err.Error(), "no whole number") {
		t.Errorf("a patient without a number: %v", err)
	}
}

// Of a patient of any name and a stay without outcome there is a row too, whose outcome is null.
func TestHoursAreRead(t *testing.T) {
	stays := []Stay{
		{Patient: "site:A-7", ID: "x", NoOutcome: true, Points: []Point{{Hour: 1, Risk: 0.25, NEWS2: 3, SOFA: 4}}},
		{Patient: "site:B", ID: "y", Outcome: Outcome{Died: true}, Points: []Point{{Hour: 2, Risk: 0.5}, {Hour: 3, Risk: float32(math.NaN())}}},
	}
	var b, lines bytes.Buffer
	if err := WriteHours(&b, stays); err != nil {
		t.Fatal(err)
	}
	table, err := pqarrow.ReadTable(context.Background(), bytes.NewReader(b.Bytes()), parquet.NewReaderProperties(nil), pqarrow.ArrowReadProperties{}, memory.DefaultAllocator)
	if err != nil {
		t.Fatal(err)
	}
	defer table.Release()
	died := table.Column(4).Data().Chunk(0).(*array.Boolean)
	patient := table.Column(0).Data().Chunk(0).(*array.String)
	sofa := table.Column(7).Data().Chunk(0).(*array.Int32)
	if table.NumRows() != 2 || !died.IsNull(0) || !died.Value(1) || patient.Value(0) != "site:A-7" || sofa.Value(0) != 4 {
		t.Errorf("%v", table)
	}
	if err := WriteCSV(&lines, stays); err != nil || !strings.Contains(lines.String(), "site:A-7,x,1970-01-01T01:00:00.000Z,1,,0.25,3,4\nsite:B,y,1970-01-01T02:00:00.000Z,2,1,0.5,0,0\n") {
		t.Errorf("%v: %s", err, lines.String())
	}
}
