package main

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strings"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/schemas"
)

// appliedCard is an Applied Model Card of the Coalition for Health AI (CHAI), version 0.2: its
// fields bear the names of the card's elements and stand in their order, so that it is an instance
// of the card's schema as XML, and the same by name as JSON. What it must say is in chaiFields.
type appliedCard struct {
	XMLName   xml.Name `xml:"https://mc.chai.org/v0.2/schema.xsd AppliedModelCard" json:"-"`
	BasicInfo struct {
		ModelName, ModelDeveloper, DeveloperContact string
	}
	ReleaseInfo struct {
		ReleaseStage, ReleaseDate, ReleaseVersion, GlobalAvailability, RegulatoryApproval string
	}
	ModelSummary struct {
		Summary  string
		Keywords struct{ Keyword []string }
	}
	UsesAndDirections struct {
		IntendedUseAndWorkflow, PrimaryIntendedUsers, HowToUse, TargetedPatientPopulation, CautionedOutOfScopeSettings string
	}
	Warnings struct {
		KnownRisksAndLimitations, KnownBiasesOrEthicalConsiderations, ClinicalRiskLevel string
	}
	TrustIngredients struct {
		AISystemFacts struct {
			OutcomesAndOutputs, ModelType, FoundationModels, InputDataSource, OutputAndInputDataTypes             string
			DevelopmentDataCharacterization, BiasMitigationApproaches, OngoingMaintenance, Security, Transparency string
		}
		TransparencyInformation struct {
			FundingSource, ThirdPartyInformation, StakeholdersConsulted string
		}
	}
	KeyMetrics struct {
		UsefulnessUsabilityEfficacy, FairnessEquity, SafetyReliability cardMetric
	}
	Resources struct {
		EvaluationReferences, ClinicalTrial, PeerReviewedPublications, ReimbursementStatus, PatientConsentOrDisclosure string
	}
	Bibliography string
}

// cardMetric is what the card wants of each kind of metric.
type cardMetric struct {
	MetricGoal                                                                          string
	Results                                                                             struct{ MetricResult []metricResult }
	Interpretation, TestType, TestingDataDescription, ValidationProcessAndJustification string
}

// metricResult is one number, or several that belong together, as JSON.
type metricResult struct {
	Label     string
	ValueJSON string `xml:"ValueJson" json:"ValueJson"`
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
	basic, release := &a.BasicInfo, &a.ReleaseInfo
	basic.ModelName, basic.ModelDeveloper, basic.DeveloperContact = c.Name, "the Vigil project", "an issue in the project's repository"
	release.ReleaseStage, release.ReleaseVersion, release.RegulatoryApproval = schemas.Notice, m.Hash(), notDone
	release.ReleaseDate = "none in the file, which is the same on whatever day it is made; the version is its SHA-256"
	release.GlobalAvailability = "with the program, to anybody, under its licence; the training data: " + orElse(c.Licence, notKnown)
	a.ModelSummary.Summary = fmt.Sprintf("%s: %s for patients of an intensive-care unit, at any hour of a stay, from what came of them in the last 48 hours.", c.Name, strings.Join(riskTasks(c), " and "))
	a.ModelSummary.Keywords.Keyword = []string{"intensive care", "early warning", "mixture of experts", "irregular time series", "research"}
	u := &a.UsesAndDirections
	u.IntendedUseAndWorkflow = "Research on rolling risk, alarm rates and model drift, beside NEWS2, on recorded or live streams. A score is published with its drivers, its interval and its flags; the policy decides when it becomes an alert, and a person answers that."
	u.PrimaryIntendedUsers = "researchers and engineers who judge such models; no clinician by it alone"
	u.HowToUse = "vigil serve --model FILE; vigil evaluate --model FILE --data DIR judges it on a site's own stays first; vigil explain says why"
	u.TargetedPatientPopulation = orElse(populationOf(record), notKnown)
	u.CautionedOutOfScopeSettings = "care of a patient; children; wards other than intensive care; stays after their 48th hour as if they were early ones; any unit on whose stays it was not judged; ranking or triage of patients; its use without NEWS2 or people"
	w := &a.Warnings
	w.KnownRisksAndLimitations = fmt.Sprintf("It gives no number where fewer than %d channels were observed, or where a stay is unlike all training stays. What it is worth elsewhere nobody knows; a change of units, codes or delays is met by a check of drift and not by the model. What no open set has of these stays (notes, ECG, images), it has never seen.", c.LeastChannels)
	w.KnownBiasesOrEthicalConsiderations = "Outcomes follow what was done and what was ended, and not disease alone: limits of care, practice of one place, who is admitted. How often a value is measured is read as a sign."
	w.ClinicalRiskLevel = "high if it were used for care, which it must not be"
	f := &a.TrustIngredients.AISystemFacts
	f.OutcomesAndOutputs = "probability of: " + strings.Join(riskTasks(c), ", ") + levels(c)
	f.ModelType = fmt.Sprintf("FuseMoE: %d experts, top %d, gate %s, router %s, width %d, %d layers, %d parameters; trained: %v", c.Experts, c.TopK, c.Gate, c.Router, c.Width, c.Layers, card.Parameters, c.Trained)
	f.FoundationModels = notDone
	f.InputDataSource = "vital signs, laboratory values, support and admission data as a unit's systems send them"
	f.OutputAndInputDataTypes = fmt.Sprintf("in: %d numeric channels (%s) and %s; out: probabilities of 0 to 1", len(c.Channels), strings.Join(card.Channels, ", "), strings.Join(c.Statics, ", "))
	f.DevelopmentDataCharacterization = orElse(developmentOf(c, record), notKnown)
	f.BiasMitigationApproaches = "none beyond reporting by group (vigil evaluate: unit, age band, sex, missing modality)"
	f.OngoingMaintenance = "PSI of channels, risk and experts' load while it serves, said in the status and the log; a successor is compared in the shadow (--shadow) and swapped at one place of the log (vigil model use)"
	f.Security = "runs where the data are and sends none away; its file is named by its SHA-256 in every score; it knows training patients by cut hashes of their public numbers only"
	f.Transparency = "the code, the recipe and the file are open; each score says by which model and policy it came, and an alert what drove it"
	t := &a.TrustIngredients.TransparencyInformation
	t.FundingSource, t.StakeholdersConsulted = notDone, notDone+": no clinician or patient was asked"
	t.ThirdPartyInformation = "training data by PhysioNet; the network follows a published description (FuseMoE, NeurIPS 2024)"
	test := orElse(testOf(record), notKnown)
	aside := "stays set aside by the hash of the patient's name before the first training; nothing was chosen on them but what the README says"
	of := func(metric *cardMetric, goal, interpretation, testType, validation string, results []metricResult) {
		*metric = cardMetric{MetricGoal: goal, Interpretation: interpretation, TestType: testType, TestingDataDescription: test, ValidationProcessAndJustification: validation}
		metric.Results.MetricResult = results
	}
	of(&a.KeyMetrics.UsefulnessUsabilityEfficacy, "discrimination and calibration at each hour of the stay",
		"AUROC with 95 % intervals over patients; a calibration slope of 1 and a mean risk like the observed share are right",
		"internal, retrospective", aside, hoursOf(record))
	of(&a.KeyMetrics.FairnessEquity, "the same worth in every group",
		"intervals of small groups are wide; a difference within them is none that is shown",
		"internal, retrospective", aside, []metricResult{resultOf("by group", "not in the model's file: vigil evaluate prints it by unit, age band, sex and missing modality")})
	of(&a.KeyMetrics.SafetyReliability, "few alarms, intervals that hold, silence where it knows nothing",
		"an alarm rate is that of the stays it was chosen on; an interval holds where the present is like the training stays",
		"internal, retrospective; the service itself by faults on purpose",
		"thresholds, calibration and intervals by models of folds on stays that each had not seen", safetyOf(c))
	r := &a.Resources
	r.EvaluationReferences = "vigil model show; vigil evaluate --held-out --report DIR; README"
	r.ClinicalTrial, r.PeerReviewedPublications, r.ReimbursementStatus = notDone, notDone, notDone
	r.PatientConsentOrDisclosure = "the training data are de-identified and public; none is needed for research on them"
	a.Bibliography = bibliography
	return a
}

// bibliography is in BibTeX, as the card wants it.
const bibliography = `@inproceedings{han2024fusemoe, title={{FuseMoE}: Mixture-of-Experts Transformers for Fleximodal Fusion}, author={Han, Xing and Nguyen, Huy and Harris, Carl and Ho, Nhat and Saria, Suchi}, booktitle={Advances in Neural Information Processing Systems}, year={2024}}
@inproceedings{silva2012predicting, title={Predicting in-hospital mortality of {ICU} patients: The {PhysioNet/Computing in Cardiology} Challenge 2012}, author={Silva, Ikaro and Moody, George and Scott, Daniel J. and Celi, Leo A. and Mark, Roger G.}, booktitle={Computing in Cardiology}, year={2012}}`

// resultOf is a result with its value as JSON.
func resultOf(label string, value any) metricResult {
	b, err := json.Marshal(value)
	if err != nil {
		b, _ = json.Marshal(notKnown) // a number that JSON has not, such as a slope without events
	}
	return metricResult{label, string(b)}
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
func hoursOf(r *train.Record) (list []metricResult) {
	if r == nil {
		return []metricResult{resultOf("AUROC", notKnown)}
	}
	for i := range r.Hours {
		list = append(list, resultOf(fmt.Sprintf("hour %d", r.Hours[i].Hour), &r.Hours[i]))
	}
	if len(list) == 0 {
		for i := range r.Test {
			list = append(list, resultOf(r.Test[i].Task, &r.Test[i]))
		}
	}
	if len(list) == 0 {
		list = []metricResult{resultOf("AUROC", notKnown)}
	}
	return list
}

// safetyOf are alarm rates and how often intervals hold.
func safetyOf(c *fusion.Config) (list []metricResult) {
	for _, t := range c.Tasks {
		for _, h := range t.Thresholds {
			list = append(list, resultOf(fmt.Sprintf("%s alerts of %s, from a risk of %g: alarms in a patient-day", h.Severity, t.Name, h.At), h.Found))
		}
	}
	if d := c.Description; d != nil {
		for _, p := range d.Intervals {
			list = append(list, resultOf(fmt.Sprintf("interval of %.0f %% from hour %g: share of %d set-aside stays in which it held", 100*p.Level, p.Hours, p.Aside), p.Covered))
		}
	}
	if len(list) == 0 {
		list = []metricResult{resultOf("alarms and intervals", "not known: the model has no thresholds and no description")}
	}
	return list
}

// writeCard writes a model's card as JSON, as XML, or for people.
func writeCard(w io.Writer, m *fusion.Model, record *train.Record, asJSON, asXML bool) error {
	a := cardOf(m, record)
	document, err := xml.MarshalIndent(a, "", "  ")
	if err == nil {
		err = checkCard(document)
	}
	if err != nil {
		return boot.Failure(err)
	}
	switch {
	case asXML:
		_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, document)
	case asJSON:
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		err = e.Encode(a)
	default:
		var b strings.Builder
		fmt.Fprintf(&b, "# Model card of %s\n", m.Config().Name)
		writeSection(&b, 2, reflect.ValueOf(*a))
		fmt.Fprintf(&b, "\nVigil is %s.\n", schemas.Notice)
		_, err = io.WriteString(w, b.String())
	}
	return err
}

// writeSection writes the fields of a part of the card for people.
func writeSection(b *strings.Builder, depth int, v reflect.Value) {
	for i := range v.NumField() {
		name := wordsOf(v.Type().Field(i).Name)
		switch field := v.Field(i).Interface().(type) {
		case xml.Name:
		case string:
			fmt.Fprintf(b, "* %s: %s\n", name, field)
		case struct{ Keyword []string }:
			fmt.Fprintf(b, "* %s: %s\n", name, strings.Join(field.Keyword, ", "))
		case struct{ MetricResult []metricResult }:
			fmt.Fprintf(b, "* %s:\n", name)
			for _, r := range field.MetricResult {
				fmt.Fprintf(b, "  * %s: %s\n", r.Label, r.ValueJSON)
			}
		default:
			fmt.Fprintf(b, "\n%s %s\n\n", strings.Repeat("#", depth), name)
			writeSection(b, depth+1, v.Field(i))
		}
	}
}

// wordsOf parts an element's name into words.
func wordsOf(name string) string {
	return innerCapital.ReplaceAllString(afterAcronym.ReplaceAllString(name, "$1 $2"), "$1 $2")
}

var (
	innerCapital = regexp.MustCompile(`([a-z])([A-Z])`)
	afterAcronym = regexp.MustCompile(`([A-Z]+)([A-Z][a-z])`)
)
