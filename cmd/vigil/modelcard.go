package main

import (
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/schemas"
)

// appliedCard has the fields of the Applied Model Card of the Coalition for Health AI (CHAI), by
// its sections. Each must say something, if only that nothing is known: an empty field would let a
// reader believe that there is nothing to say.
type appliedCard struct {
	Identification struct {
		Name               string `json:"name"`
		Developer          string `json:"developer"`
		Contact            string `json:"inquiries_or_reports"`
		ReleaseStage       string `json:"release_stage"`
		Version            string `json:"version"`
		Availability       string `json:"global_availability"`
		RegulatoryApproval string `json:"regulatory_approval"`
	} `json:"identification"`
	Summary string   `json:"summary"`
	Words   []string `json:"keywords"`
	Uses    struct {
		Intended   string `json:"intended_use_and_workflow"`
		Users      string `json:"primary_intended_users"`
		HowTo      string `json:"how_to_use"`
		Population string `json:"targeted_patient_population"`
		OutOfScope string `json:"cautioned_out_of_scope_settings_and_use_cases"`
	} `json:"uses_and_directions"`
	Warnings struct {
		Risks  string `json:"known_risks_and_limitations"`
		Biases string `json:"known_biases_or_ethical_considerations"`
		Level  string `json:"clinical_risk_level"`
	} `json:"warnings"`
	Facts struct {
		Outcome     string `json:"outcome_and_output"`
		ModelType   string `json:"model_type"`
		Foundation  string `json:"foundation_models_used"`
		Source      string `json:"input_data_source"`
		Types       string `json:"output_and_input_data_types"`
		Development string `json:"development_data_characterization"`
		Mitigation  string `json:"bias_mitigation_approaches"`
		Maintenance string `json:"ongoing_maintenance"`
		Security    string `json:"security_and_compliance"`
	} `json:"ai_system_facts"`
	Transparency struct {
		Funding      string `json:"funding_source"`
		ThirdParty   string `json:"third_party_information"`
		Stakeholders string `json:"stakeholders_consulted"`
	} `json:"transparency"`
	Metrics struct {
		Usefulness cardMetric `json:"usefulness_usability_and_efficacy"`
		Fairness   cardMetric `json:"fairness_and_equity"`
		Safety     cardMetric `json:"safety_and_reliability"`
	} `json:"key_metrics"`
	Resources struct {
		Evaluation    string `json:"evaluation_references"`
		Trial         string `json:"clinical_trial"`
		Publications  string `json:"peer_reviewed_publications"`
		Reimbursement string `json:"reimbursement_status"`
		Consent       string `json:"patient_consent_or_disclosure"`
	} `json:"resources"`
}

// cardMetric is what the card wants of each kind of metric.
type cardMetric struct {
	Goal           string `json:"goal"`
	Result         string `json:"result"`
	Interpretation string `json:"interpretation"`
	TestType       string `json:"test_type"`
	TestData       string `json:"testing_data_description"`
	Validation     string `json:"validation_process_and_justification"`
}

// What a card says where there is nothing.
const (
	notDone  = "none"
	notKnown = "not known: the model's file has no training record"
)

// cardOf writes the card of a model from what its file says; record is nil where it has none.
func cardOf(m *fusion.Model, record *train.Record) *appliedCard {
	c, card := m.Config(), m.Card()
	a := new(appliedCard)
	id := &a.Identification
	id.Name, id.Version = c.Name, m.Hash()
	id.Developer, id.Contact = "the Vigil project", "an issue in the project's repository"
	id.ReleaseStage, id.RegulatoryApproval = schemas.Notice, notDone
	id.Availability = "with the program, to anybody, under its licence; the training data: " + orElse(c.Licence, notKnown)
	a.Summary = fmt.Sprintf("%s: %s for patients of an intensive-care unit, at any hour of a stay, from what came of them in the last 48 hours.", c.Name, strings.Join(riskTasks(c), " and "))
	a.Words = []string{"intensive care", "early warning", "mixture of experts", "irregular time series", "research"}
	u := &a.Uses
	u.Intended = "Research on rolling risk, alarm rates and model drift, beside NEWS2, on recorded or live streams. A score is published with its drivers, its interval and its flags; the policy decides when it becomes an alert, and a person answers that."
	u.Users = "researchers and engineers who judge such models; no clinician by it alone"
	u.HowTo = "vigil serve --model FILE; vigil evaluate --model FILE --data DIR judges it on a site's own stays first; vigil explain says why"
	u.Population = orElse(populationOf(record), notKnown)
	u.OutOfScope = "care of a patient; children; wards other than intensive care; stays after their 48th hour as if they were early ones; any unit on whose stays it was not judged; ranking or triage of patients; its use without NEWS2 or people"
	w := &a.Warnings
	w.Risks = fmt.Sprintf("It gives no number where fewer than %d channels were observed, or where a stay is unlike all training stays. What it is worth elsewhere nobody knows; a change of units, codes or delays is met by a check of drift and not by the model. What no open set has of these stays (notes, ECG, images), it has never seen.", c.LeastChannels)
	w.Biases = "Outcomes follow what was done and what was ended, and not disease alone: limits of care, practice of one place, who is admitted. How often a value is measured is read as a sign."
	w.Level = "high if it were used for care, which it must not be"
	f := &a.Facts
	f.Outcome = "probability of: " + strings.Join(riskTasks(c), ", ") + levels(c)
	f.ModelType = fmt.Sprintf("FuseMoE: %d experts, top %d, gate %s, router %s, width %d, %d layers, %d parameters; trained: %v", c.Experts, c.TopK, c.Gate, c.Router, c.Width, c.Layers, card.Parameters, c.Trained)
	f.Foundation = notDone
	f.Source = "vital signs, laboratory values, support and admission data as a unit's systems send them"
	f.Types = fmt.Sprintf("in: %d numeric channels (%s) and %s; out: probabilities of 0 to 1", len(c.Channels), strings.Join(card.Channels, ", "), strings.Join(c.Statics, ", "))
	f.Development = orElse(developmentOf(c, record), notKnown)
	f.Mitigation = "none beyond reporting by group (vigil evaluate: unit, age band, sex, missing modality)"
	f.Maintenance = "PSI of channels, risk and experts' load while it serves, said in the status and the log; a successor is compared in the shadow (--shadow) and swapped at one place of the log (vigil model use)"
	f.Security = "runs where the data are and sends none away; its file is named by its SHA-256 in every score; it knows training patients by cut hashes of their public numbers only"
	t := &a.Transparency
	t.Funding, t.Stakeholders = notDone, notDone+": no clinician or patient was asked"
	t.ThirdParty = "training data by PhysioNet; the network follows a published description (FuseMoE, NeurIPS 2024)"
	test := orElse(testOf(record), notKnown)
	aside := "stays set aside by the hash of the patient's name before the first training; nothing was chosen on them but what the README says"
	a.Metrics.Usefulness = cardMetric{
		Goal: "discrimination and calibration at each hour of the stay", Result: orElse(hoursOf(record), notKnown),
		Interpretation: "AUROC with 95 % intervals over patients; a calibration slope of 1 and a mean risk like the observed share are right",
		TestType:       "internal, retrospective", TestData: test, Validation: aside,
	}
	a.Metrics.Fairness = cardMetric{
		Goal: "the same worth in every group", Result: "not in the model's file: vigil evaluate prints it by unit, age band, sex and missing modality",
		Interpretation: "intervals of small groups are wide; a difference within them is none that is shown",
		TestType:       "internal, retrospective", TestData: test, Validation: aside,
	}
	a.Metrics.Safety = cardMetric{
		Goal: "few alarms, intervals that hold, silence where it knows nothing", Result: orElse(safetyOf(c), "not known: the model has no thresholds and no description"),
		Interpretation: "an alarm rate is that of the stays it was chosen on; an interval holds where the present is like the training stays",
		TestType:       "internal, retrospective; the service itself by faults on purpose", TestData: test, Validation: "thresholds, calibration and intervals by models of folds on stays that each had not seen",
	}
	r := &a.Resources
	r.Evaluation = "vigil model show; vigil evaluate --held-out --report DIR; README"
	r.Trial, r.Publications, r.Reimbursement = notDone, notDone, notDone
	r.Consent = "the training data are de-identified and public; none is needed for research on them"
	return a
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

// riskTasks are the tasks that a score tells as risks.
func riskTasks(c *fusion.Config) (list []string) {
	for _, t := range c.Tasks {
		if t.Report == fusion.ReportRisk {
			list = append(list, t.Name)
		}
	}
	if len(list) == 0 {
		list = []string{"no risk"}
	}
	return list
}

// levels are where a policy is to alert.
func levels(c *fusion.Config) (text string) {
	for _, t := range c.Tasks {
		for _, h := range t.Thresholds {
			text += fmt.Sprintf("; %s alert of %s from %g", h.Severity, t.Name, h.At)
		}
	}
	return text
}

// inFewLetters cuts the hashes of "dataset@hash dataset@hash" to 16 digits, for people.
func inFewLetters(data string) string {
	parts := strings.Fields(data)
	for i, part := range parts {
		name, hash, _ := strings.Cut(part, "@")
		parts[i] = fmt.Sprintf("%s@%.16s", name, hash)
	}
	return strings.Join(parts, " ")
}

func populationOf(r *train.Record) string {
	if r == nil || len(r.Data) == 0 {
		return ""
	}
	return "adults in intensive care like those of " + inFewLetters(r.Data[0])
}

func developmentOf(c *fusion.Config, r *train.Record) string {
	if r == nil {
		return ""
	}
	text := c.Training
	for _, p := range r.Splits {
		text += fmt.Sprintf("; %s: %d examples of %d patients", p.Name, p.Examples, p.Patients)
	}
	return text
}

func testOf(r *train.Record) string {
	if r == nil || len(r.Splits) == 0 {
		return ""
	}
	p := r.Splits[len(r.Splits)-1]
	return fmt.Sprintf("%d patients of %s whom training never saw (SHA-256 of the part %.16s)", p.Patients, inFewLetters(r.Data[len(r.Data)-1]), p.Hash)
}

// hoursOf are the results of the record by the hour, or of its test part.
func hoursOf(r *train.Record) (text string) {
	if r == nil {
		return ""
	}
	var parts []string
	for _, q := range r.Hours {
		parts = append(parts, fmt.Sprintf("hour %d: AUROC %.3f (%.3f to %.3f), slope %.2f, mean risk %.3f where %.3f was observed, n %d with %d events",
			q.Hour, q.AUROC.Value, q.AUROC.Low, q.AUROC.High, q.Slope.Value, q.Mean, q.Observed, q.Examples, q.Positives))
	}
	if len(parts) == 0 {
		for _, q := range r.Test {
			parts = append(parts, fmt.Sprintf("%s: AUROC %s, n %d with %d events", q.Task, q.AUROC, q.Examples, q.Positives))
		}
	}
	return strings.Join(parts, "; ")
}

// safetyOf are alarm rates and how often intervals hold.
func safetyOf(c *fusion.Config) string {
	var parts []string
	for _, t := range c.Tasks {
		for _, h := range t.Thresholds {
			parts = append(parts, fmt.Sprintf("%s from %g: %.3f alarms in a patient-day", h.Severity, h.At, h.Found))
		}
	}
	if d := c.Description; d != nil {
		for _, p := range d.Intervals {
			parts = append(parts, fmt.Sprintf("interval of %.0f %% from hour %g held in %.1f %% of %d set-aside stays", 100*p.Level, p.Hours, 100*p.Covered, p.Aside))
		}
	}
	return strings.Join(parts, "; ")
}

// check names the fields of a card that say nothing.
func (a *appliedCard) check() error {
	var empty []string
	var walk func(path string, v reflect.Value)
	walk = func(path string, v reflect.Value) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
				walk(strings.TrimPrefix(path+"."+name, "."), v.Field(i))
			}
		case reflect.Slice:
			if v.Len() == 0 {
				empty = append(empty, path)
			}
		case reflect.String:
			if strings.TrimSpace(v.String()) == "" {
				empty = append(empty, path)
			}
		}
	}
	walk("", reflect.ValueOf(*a))
	if len(empty) > 0 {
		return fmt.Errorf("the card says nothing of %s", strings.Join(empty, ", "))
	}
	return nil
}

// writeCard writes a model's card as JSON, or for people.
func writeCard(w io.Writer, m *fusion.Model, record *train.Record, asJSON bool) error {
	a := cardOf(m, record)
	if err := a.check(); err != nil {
		return boot.Failure(err)
	}
	if asJSON {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(a)
	}
	var b strings.Builder
	var walk func(depth int, v reflect.Value)
	walk = func(depth int, v reflect.Value) {
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			name = strings.ReplaceAll(name, "_", " ")
			switch field := v.Field(i); field.Kind() {
			case reflect.Struct:
				fmt.Fprintf(&b, "\n%s %s\n\n", strings.Repeat("#", depth), name)
				walk(depth+1, field)
			case reflect.Slice:
				fmt.Fprintf(&b, "* %s: %s\n", name, strings.Join(field.Interface().([]string), ", "))
			default:
				fmt.Fprintf(&b, "* %s: %s\n", name, field.String())
			}
		}
	}
	fmt.Fprintf(&b, "# Model card of %s\n", m.Config().Name)
	walk(2, reflect.ValueOf(*a))
	fmt.Fprintf(&b, "\nVigil is %s.\n", schemas.Notice)
	_, err := io.WriteString(w, b.String())
	return err
}
