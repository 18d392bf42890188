package alerts

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// printedSOFA is the table of 1996 as it is printed: for 1 to 4 points the values that give them.
const printedSOFA = `
platelets     | <150     | <100     | <50       | <20
bilirubin     | 1.2-1.9  | 2.0-5.9  | 6.0-11.9  | >12.0
gcs_total     | 13-14    | 10-12    | 6-9       | <6
creatinine    | 1.2-1.9  | 2.0-3.4  | 3.5-4.9   | >5.0
mean_arterial | <70      |          |           |
mean_cuff     | <70      |          |           |
pf_ratio      | <400     | <300     |           |
pf_ratio+     | <400     | <300     | <200      | <100
`

// asPrinted are the most points whose column holds a number with one digit.
func asPrinted(t *testing.T, columns []string, tenths int) (points int8) {
	t.Helper()
	number := func(text string) int {
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if err != nil {
			t.Fatal(err)
		}
		return int(v*10 + 0.5)
	}
	for i, column := range columns {
		column = strings.TrimSpace(column)
		from, to, isRange := strings.Cut(column, "-")
		switch {
		case column == "":
		case column[0] == '<' && tenths < number(column[1:]),
			column[0] == '>' && tenths > number(column[1:]),
			isRange && tenths >= number(from) && tenths <= number(to):
			points = int8(i + 1)
		}
	}
	return points
}

const sofaNow = schemas.Time(1_700_000_000_000)

// sofaOf is the score of series by channel name, of a stay that began two days ago.
func sofaOf(t *testing.T, series map[string][]window.Point) SOFAScore {
	t.Helper()
	var r SOFASeries
	for name, points := range series {
		i := slices.IndexFunc(SOFAChannels[:], func(c schemas.ChannelInfo) bool { return c.Name == name })
		if i < 0 {
			t.Fatalf("SOFA reads no %s", name)
		}
		r[i] = points
	}
	return SOFA(&r, sofaNow, sofaNow-48*schemas.Hour)
}

// ago is a value of so many hours ago.
func ago(hours float64, value float32) window.Point {
	return window.Point{EventTime: (sofaNow - schemas.Time(hours*float64(schemas.Hour))).Floor16(), Value: value}
}

// Every value of each row has the points that the printed table gives it. The table is silent
// at 12.0 and 5.0, where the higher column counts.
func TestSOFAHasThePointsOfTheTable(t *testing.T) {
	for line := range strings.Lines(strings.TrimSpace(printedSOFA)) {
		columns := strings.Split(line, "|")
		name, supported := strings.CutSuffix(strings.TrimSpace(columns[0]), "+")
		from, to, step := 1, 6000, 1
		switch name {
		case "gcs_total":
			from, to, step = 30, 150, 10
		case "mean_arterial", "mean_cuff":
			from, to = 100, 2500
		case "bilirubin", "creatinine":
			to = 300
		case "pf_ratio":
			from, to = 300, 6000
		case "platelets":
			from = 30
		}
		for tenths := from; tenths <= to; tenths += step {
			want := asPrinted(t, columns[1:], tenths)
			if (name == "bilirubin" && tenths == 120) || (name == "creatinine" && tenths == 50) {
				want = 4
			}
			series := map[string][]window.Point{name: {ago(1, float32(float64(tenths)/10))}}
			if supported {
				series["ventilated"] = []window.Point{ago(2, 1)}
			}
			if got := sofaOf(t, series); got.Value != int(want) {
				t.Fatalf("%s of %v (support %v): %d points, printed %d", name, float64(tenths)/10, supported, got.Value, want)
			}
		}
	}
}

func TestSOFAOfDrugsUrineAndTime(t *testing.T) {
	type series = map[string][]window.Point
	for _, c := range []struct {
		name    string
		given   series
		want    int
		missing int
	}{
		{"nothing is known", nil, 0, 6},
		{"a dobutamine of any dose", series{"dobutamine": {ago(3, 0.5)}}, 2, 5},
		{"dopamine of 5", series{"dopamine": {ago(3, 5)}}, 2, 5},
		{"dopamine of 6", series{"dopamine": {ago(3, 6)}}, 3, 5},
		{"dopamine of 16", series{"dopamine": {ago(3, 16)}}, 4, 5},
		{"norepinephrine of 0.1", series{"norepinephrine": {ago(3, 0.1)}}, 3, 5},
		{"epinephrine of 0.11", series{"epinephrine": {ago(3, 0.11)}}, 4, 5},
		{"a bolus of half an hour", series{"epinephrine": {ago(3, 0.2), ago(2.5, 0)}}, 0, 6},
		{"a low rate for hours with a short peak", series{"norepinephrine": {ago(3, 0.05), ago(2, 0.3), ago(1.7, 0.05)}}, 3, 5},
		{"two unlike high rates that make an hour together", series{"norepinephrine": {ago(3, 0.2), ago(2.5, 0.3), ago(2, 0)}}, 4, 5},
		{"a pump that was set 30 hours ago and runs", series{"norepinephrine": {ago(30, 0.2)}}, 4, 5},
		{"a pump that was stopped 25 hours ago", series{"norepinephrine": {ago(30, 0.2), ago(25, 0)}}, 0, 6},
		{"a high mean pressure beside a drug", series{"mean_arterial": {ago(1, 90)}, "dobutamine": {ago(3, 2)}}, 2, 5},
		{"an artefact of a pressure", series{"mean_arterial": {ago(1, 3)}}, 0, 6},
		{"the worst of 24 hours", series{"platelets": {ago(23, 40), ago(1, 300)}}, 3, 5},
		{"what is older than 24 hours", series{"platelets": {ago(24, 40)}}, 0, 6},
		{"urine of 499 mL a day", series{"urine_output": {ago(20, 300), ago(2, 199)}}, 3, 5},
		{"urine of 199 mL a day", series{"urine_output": {ago(20, 199)}}, 4, 5},
		{"urine of 500 mL a day", series{"urine_output": {ago(20, 500)}}, 0, 5},
		{"a creatinine above what the urine says", series{"urine_output": {ago(20, 600)}, "creatinine": {ago(3, 3.6)}}, 3, 5},
		{"a ventilator of which nothing was charted for 7 hours", series{"pf_ratio": {ago(1, 90)}, "ventilated": {ago(8, 1)}}, 2, 5},
		{"a ventilator that was taken off", series{"pf_ratio": {ago(1, 90)}, "ventilated": {ago(3, 1), ago(2, 0)}}, 2, 5},
	} {
		got := sofaOf(t, c.given)
		if got.Value != c.want || len(got.Missing()) != c.missing {
			t.Errorf("%s: %d points and %d missing (%v), want %d and %d", c.name, got.Value, len(got.Missing()), got.Missing(), c.want, c.missing)
		}
	}
	// Before a whole day has passed, the volume says nothing.
	var r SOFASeries
	r[SOFAUrine] = []window.Point{ago(2, 50)}
	if got := SOFA(&r, sofaNow, sofaNow-23*schemas.Hour); got.Value != 0 || got.Points[SOFARenal] != NotKnown {
		t.Errorf("urine of 23 hours: %s", fmt.Sprint(got))
	}
}
