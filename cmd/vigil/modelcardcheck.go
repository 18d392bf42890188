package main

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// chaiVersion is that of the card's published schema (v0.2/schema.xsd of the repository
// coalition-for-health-ai/mc-schema, as of 2025-10-28), which chaiFields follow.
const chaiVersion = "0.2"

// chaiField is an element of the card that holds text.
type chaiField struct {
	path string
	// optional may be left out; several may be there more than once.
	optional, several bool
}

// chaiFields are the elements of the card that hold text, in the order of its schema. A signature,
// which may stand behind them, is left out: Vigil signs nothing.
var chaiFields = slices.Concat(
	required("BasicInfo", "ModelName", "ModelDeveloper", "DeveloperContact"),
	required("ReleaseInfo", "ReleaseStage", "ReleaseDate", "ReleaseVersion", "GlobalAvailability"),
	[]chaiField{{"ReleaseInfo/EHRCompatibility/EHR", true, true}},
	optional("ReleaseInfo", "RegulatoryApproval"),
	required("ModelSummary", "Summary"),
	[]chaiField{{"ModelSummary/Keywords/Keyword", true, true}},
	required("UsesAndDirections", "IntendedUseAndWorkflow", "PrimaryIntendedUsers", "HowToUse", "TargetedPatientPopulation", "CautionedOutOfScopeSettings"),
	required("Warnings", "KnownRisksAndLimitations", "KnownBiasesOrEthicalConsiderations", "ClinicalRiskLevel"),
	required("TrustIngredients/AISystemFacts", "OutcomesAndOutputs", "ModelType"),
	optional("TrustIngredients/AISystemFacts", "FoundationModels"),
	required("TrustIngredients/AISystemFacts", "InputDataSource", "OutputAndInputDataTypes", "DevelopmentDataCharacterization", "BiasMitigationApproaches", "OngoingMaintenance"),
	optional("TrustIngredients/AISystemFacts", "Security", "Transparency"),
	required("TrustIngredients/TransparencyInformation", "FundingSource"),
	optional("TrustIngredients/TransparencyInformation", "ThirdPartyInformation"),
	required("TrustIngredients/TransparencyInformation", "StakeholdersConsulted"),
	keyMetric("UsefulnessUsabilityEfficacy"), keyMetric("FairnessEquity"), keyMetric("SafetyReliability"),
	optional("Resources", "EvaluationReferences", "ClinicalTrial"),
	required("Resources", "PeerReviewedPublications"),
	optional("Resources", "ReimbursementStatus"),
	required("Resources", "PatientConsentOrDisclosure"),
	[]chaiField{{path: "Bibliography"}},
)

func required(in string, names ...string) (list []chaiField) {
	for _, name := range names {
		list = append(list, chaiField{path: in + "/" + name})
	}
	return list
}

func optional(in string, names ...string) (list []chaiField) {
	for _, name := range names {
		list = append(list, chaiField{path: in + "/" + name, optional: true})
	}
	return list
}

// keyMetric are the elements of a kind of metric; it has one result or more, each of two elements.
func keyMetric(kind string) []chaiField {
	in := "KeyMetrics/" + kind
	return slices.Concat(required(in, "MetricGoal"),
		[]chaiField{{path: in + "/Results/MetricResult/Label", several: true}, {path: in + "/Results/MetricResult/ValueJson", several: true}},
		required(in, "Interpretation", "TestType", "TestingDataDescription", "ValidationProcessAndJustification"))
}

// checkCard holds a card in XML against chaiFields and names every element that is missing, empty,
// unknown, out of order or there twice. An element that may be left out must say something where it
// is there: an empty one would let a reader believe that there is nothing to say.
func checkCard(document []byte) error {
	found, err := elements(document)
	if err != nil {
		return fmt.Errorf("the card is no XML: %w", err)
	}
	var wrong []error
	count, at := make([]int, len(chaiFields)), 0
	for _, e := range found {
		i := slices.IndexFunc(chaiFields, func(f chaiField) bool { return f.path == e.path })
		switch {
		case i < 0:
			wrong = append(wrong, fmt.Errorf("it has %s, which the card of CHAI %s does not know", e.path, chaiVersion))
			continue
		case strings.TrimSpace(e.text) == "":
			wrong = append(wrong, fmt.Errorf("it says nothing of %s", e.path))
		case i < at && !(chaiFields[i].several && chaiFields[at].several):
			wrong = append(wrong, fmt.Errorf("%s stands behind %s", e.path, chaiFields[at].path))
		}
		if count[i]++; count[i] > 1 && !chaiFields[i].several {
			wrong = append(wrong, fmt.Errorf("it has %s %d times", e.path, count[i]))
		}
		at = max(at, i)
	}
	for i, f := range chaiFields {
		if count[i] == 0 && !f.optional {
			wrong = append(wrong, fmt.Errorf("it lacks %s", f.path))
		}
	}
	if len(wrong) > 0 {
		return fmt.Errorf("the model card: %w", errors.Join(wrong...))
	}
	return nil
}

// element is one that holds text, with its path below the root.
type element struct{ path, text string }

// elements lists those of a document that hold no others.
func elements(document []byte) (list []element, err error) {
	d := xml.NewDecoder(bytes.NewReader(document))
	var path []string
	var text strings.Builder
	leaf := false
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.StartElement:
			path, leaf = append(path, t.Name.Local), true
			text.Reset()
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if leaf {
				list = append(list, element{strings.Join(path[1:], "/"), text.String()})
			}
			path, leaf = path[:len(path)-1], false
		}
	}
}
