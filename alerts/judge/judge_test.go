package judge

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/vigil-icu/vigil/schemas"
)

// ward is 60 stays of 24 hours: every third ends in death, and its risk rises from hour 12 on.
func ward() (stays []Stay) {
	age := float32(70)
	for i := range 60 {
		s := Stay{Patient: "p" + string(rune('A'+i/2)), ID: "s" + string(rune('A'+i)), Hours: 24, Statics: schemas.Statics{Sex: []string{"male", "female"}[i%2], AgeYears: &age}}
		if s.Died = i%3 == 0; s.Died {
			s.Death = 100 * schemas.Hour
		}
		for h := 1; h <= 24; h++ {
			p := Point{Hour: float64(h), Risk: 0.1 + float32(i%7)/100, NEWS2: i % 4}
			if s.Died && h >= 12 {
				p.Risk, p.NEWS2 = 0.6+float32(i%5)/100, 6
			}
			s.Points = append(s.Points, p)
		}
		stays = append(stays, s)
	}
	return stays
}

func TestJudge(t *testing.T) {
	r := Judge(ward(), "mortality", Settings{Draws: 50, Seed: 1})
	q, plain := r.Tasks["mortality"], r.Baselines["news2"]
	if q.N != 60 || q.Patients != 30 || q.Events != 20 || q.PatientDays != 60 {
		t.Errorf("%d stays of %d patients, %d events, %v patient-days", q.N, q.Patients, q.Events, q.PatientDays)
	}
	if early, late := q.Hours["2"], q.Hours["12"]; !(early.AUROC < 0.7) || late.AUROC != 1 || late.N != 60 || !(late.AUROCLow <= 1) || math.Abs(float64(late.Observed)-1.0/3) > 1e-9 {
		t.Errorf("hour 2 %+v, hour 12 %+v", early.measured, late.measured)
	}
	if at := q.Hours["48"]; at.N != 0 || !math.IsNaN(float64(at.AUROC)) {
		t.Errorf("hour 48 of stays of 24 hours: %+v", at)
	}
	if q.All.N != 60 || q.All.Scores != 60*24 {
		t.Errorf("over all hours: %+v", q.All)
	}
	// The alarms of every death and of nobody else, at hour 12, 88 hours before it.
	o := q.Alerts["recall_0.90"]
	if o.Recall != 1 || o.Precision != 1 || o.Alarms != 20 || o.Lead != 88 || o.FirstPPV != 1 || math.Abs(float64(o.PerPatientDay)-20.0/60) > 1e-9 || math.Abs(float64(o.Alerted)-1.0/3) > 1e-9 {
		t.Errorf("at a recall of 0.9: %+v", o)
	}
	if o := plain.Alerts["recall_0.90"]; o.Threshold != 6 || o.Recall != 1 {
		t.Errorf("NEWS2 at a recall of 0.9: %+v", o)
	}
	if plain.Hours["12"].AUROC != 1 || !math.IsNaN(float64(plain.Hours["12"].Brier)) || plain.NetBenefit != nil {
		t.Error("points are judged as probabilities")
	}
	if b := q.NetBenefit[0]; math.Abs(float64(b.Model)-(1.0/3-2.0/3*0.05/0.95)) > 1e-6 || b.Model != b.All {
		t.Errorf("net benefit at 0.05, where everybody is above: %+v", b)
	}
	if len(q.Groups) != 3 || q.Groups["sex: female"].N != 30 || q.Groups["age: 65 to 74"].N != 60 {
		t.Errorf("groups %v", q.Groups)
	}
}

// The policy's alerts count as they started, also where no threshold would have.
func TestPolicyAlarms(t *testing.T) {
	stays := ward()
	stays[0].Alarms = []Alarm{{"mortality", 13}, {"mortality", 20}, {"news2", 2}}
	stays[1].Alarms = []Alarm{{"mortality", 5}}
	o := Judge(stays, "mortality", Settings{Draws: 10}).Tasks["mortality"].Alerts["policy"]
	if o.Alarms != 3 || o.Recall != 1.0/20 || math.Abs(float64(o.Precision)-2.0/3) > 1e-9 || o.FirstPPV != 0.5 || o.Lead != 87 {
		t.Errorf("%+v", o)
	}
}

// A stay that is over, or has said nothing for an hour, is not judged.
func TestWhatIsSaidAtAnHour(t *testing.T) {
	s := Stay{Hours: 30, Points: []Point{{Hour: 0.4}, {Hour: 1.4}, {Hour: 2.4}, {Hour: 25.4}}}
	for _, c := range []struct {
		at   float64
		want float64 // 0 for none
	}{{1, 0.4}, {2, 1.4}, {3, 2.4}, {4, 0}, {26, 25.4}, {31, 0}} {
		got := 0.0
		if p := s.at(c.at); p != nil {
			got = p.Hour
		}
		if got != c.want {
			t.Errorf("hour %v: %v, want %v", c.at, got, c.want)
		}
	}
}

// Programs read one line; a number that there is none of is null. The page needs nothing else.
func TestReportForms(t *testing.T) {
	r := Judge(ward(), "mortality", Settings{Draws: 10})
	r.Model, r.Data = "abc", []string{"<set>"}
	b, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		Model string
		Tasks map[string]struct {
			N, Events int
			Hours     map[string]struct {
				N            int
				AUROC, AUPRC *float64
				AUROCLow     *float64 `json:"auroc_low"`
				Slope        *float64 `json:"calibration_slope"`
				MeanRisk     *float64 `json:"mean_risk"`
			}
			Alerts map[string]map[string]any
		}
	}
	if err := json.Unmarshal(b, &read); err != nil {
		t.Fatal(err)
	}
	m := read.Tasks["mortality"]
	if read.Model != "abc" || m.N != 60 || m.Events != 20 || m.Hours["12"].AUROC == nil || *m.Hours["12"].AUROC != 1 || m.Hours["48"].AUROC != nil || m.Alerts["policy"]["event_recall"] == nil {
		t.Errorf("%s", b)
	}
	var again Report
	if err := json.Unmarshal(b, &again); err != nil || again.Tasks["mortality"].Hours["12"].AUROC != 1 {
		t.Errorf("read back: %v", err)
	}
	var page, text strings.Builder
	if err := WriteHTML(&page, r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<svg", "Calibration", "&lt;set&gt;", "recall_0.80", "sex: female", schemas.Notice} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	for _, never := range []string{"http:", "https:", "<script", "<link"} {
		if strings.Contains(page.String(), never) {
			t.Errorf("the page has %q: it needs something else", never)
		}
	}
	if err := WriteText(&text, r); err != nil || !strings.Contains(text.String(), "policy") || !strings.Contains(text.String(), "1.000 (1.000 to 1.000)") {
		t.Errorf("text (%v): %s", err, text.String())
	}
}

// A report is what its schema says, and whatever a report may hold is in the schema.
func TestReportFollowsItsSchema(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	written, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.AddResource("report.schema.json", written); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	valid := func(r any) error {
		b, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	stays := ward()
	stays[0].Points[0].Risk, stays[0].Points[0].NoSOFA = float32(math.NaN()), 1
	whole := func() *Report {
		r := Judge(stays, "mortality", Settings{Draws: 10})
		r.Model, r.Name, r.Policy, r.Data, r.TimeBasis = "a", "n", "b", []string{"d@e"}, "available"
		r.Withheld, r.Dropped, r.Delays = []string{"lab"}, 0.3, 2
		r.Corrupted, r.Gap = 0.01, 6
		return r
	}
	r := whole()
	r.Charted = whole()
	if err := valid(r); err != nil {
		t.Errorf("%v", err)
	}
	for name, spoil := range map[string]func(*Report){
		"another version": func(r *Report) { r.Version++ },
		"no data":         func(r *Report) { r.Data = nil },
		"another basis":   func(r *Report) { r.TimeBasis = "guessed" },
	} {
		bad := whole()
		if spoil(bad); valid(bad) == nil {
			t.Errorf("%s is valid", name)
		}
	}
}
