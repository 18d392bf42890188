package schemas

import (
	_ "embed"
	"strconv"
	"strings"
	"sync"
)

// Phenotypes are the 25 phenotypes in the order of the model's output. Names and order are
// those of the definition file of mimic3-benchmarks (CCS groups marked for the benchmark of
// Harutyunyan et al., Scientific Data 2019), which is also the order of the FuseMoE paper.
var Phenotypes = [25]string{
	"Septicemia (except in labor)",
	"Diabetes mellitus without complication",
	"Diabetes mellitus with complications",
	"Disorders of lipid metabolism",
	"Fluid and electrolyte disorders",
	"Essential hypertension",
	"Hypertension with complications and secondary hypertension",
	"Acute myocardial infarction",
	"Coronary atherosclerosis and other heart disease",
	"Conduction disorders",
	"Cardiac dysrhythmias",
	"Congestive heart failure; nonhypertensive",
	"Acute cerebrovascular disease",
	"Pneumonia (except TB or STD)",
	"Chronic obstructive pulmonary disease and bronchiectasis",
	"Pleurisy; pneumothorax; pulmonary collapse",
	"Respiratory failure; insufficiency; arrest (adult)",
	"Other lower respiratory disease",
	"Other upper respiratory disease",
	"Other liver diseases",
	"Gastrointestinal hemorrhage",
	"Acute and unspecified renal failure",
	"Chronic kidney disease",
	"Complications of surgical procedures or medical care",
	"Shock",
}

// phenotypeFile has two lines for each phenotype, "index revision code code ..", where the
// revision of the International Classification of Diseases is 9 or 10. Codes of the 10th
// are those that the General Equivalence Mapping of the CMS leads to one of the 9th. See
// NOTICE.md.
//
//go:embed phenotypecodes.txt
var phenotypeFile string

// phenotypeCodes are the phenotypes by "revision code". They are read when they are first
// asked for, since serving never needs them.
var phenotypeCodes = sync.OnceValue(func() map[string][]int {
	codes := map[string][]int{}
	for line := range strings.Lines(phenotypeFile) {
		fields := strings.Fields(line)
		index, err := strconv.Atoi(fields[0])
		if err != nil || index >= len(Phenotypes) {
			panic("schemas: phenotypecodes.txt: " + line) // a test reads it
		}
		for _, code := range fields[2:] {
			key := fields[1] + " " + code
			codes[key] = append(codes[key], index)
		}
	}
	return codes
})

// PhenotypesOf returns the phenotypes that a diagnosis belongs to, as indices into
// Phenotypes; most diagnoses belong to none. The revision of the ICD is 9 or 10, and the
// code has no dot and keeps its zeros ("0389", "A419").
func PhenotypesOf(revision int, code string) []int {
	return phenotypeCodes()[strconv.Itoa(revision)+" "+code]
}
