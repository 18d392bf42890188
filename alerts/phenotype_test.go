package alerts_test

import (
	"testing"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
)

// A rule may watch any task of the model, a phenotype as well, and its thresholds differ by unit and patient.
func TestPhenotypeByUnitAndPatient(t *testing.T) {
	p, err := alerts.ParsePolicy([]byte(`version: 1
rules:
  - {task: phenotype_septicemia, kind: risk, levels: [{severity: medium, at: 0.5}]}
overrides:
  - {task: phenotype_septicemia, units: [picu], levels: [{severity: medium, at: 0.3}]}
  - {task: phenotype_septicemia, patients: ["h:2"], levels: [{severity: medium, at: 0.8}]}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		patient, unit string
		risk          float32
		starts        int
	}{
		{"h:1", "", 0.4, 0}, {"h:1", "", 0.5, 1}, {"h:1", "picu", 0.29, 0}, {"h:1", "picu", 0.4, 1}, {"h:2", "picu", 0.7, 0}, {"h:2", "", 0.8, 1},
	} {
		var s alerts.State
		q := p.For(c.patient, c.unit)
		q.Step(&s, alerts.Event{Kind: alerts.Opened, At: 1, Patient: c.patient, Stay: "S"}, nil)
		sc := alerts.Score{ID: "s", Trained: true, Risks: []alerts.TaskRisk{{Task: "phenotype_septicemia", Value: c.risk}}}
		sc.Standing.Measured = alerts.NeverMeasured()
		told := q.Step(&s, alerts.Event{Kind: alerts.Scored, At: 2, Score: &sc}, nil)
		if len(told) != c.starts || len(told) > 0 && (told[0].Phase != schemas.PhaseStart || told[0].Task != "phenotype_septicemia") {
			t.Errorf("%s in unit %q with %v: %d alerts, want %d: %v", c.patient, c.unit, c.risk, len(told), c.starts, told)
		}
	}
}
