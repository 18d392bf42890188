package monitor

import (
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// The tasks of the model that a score lists as risks, in the order of their names.
const (
	taskDecompensation = "decompensation" // death within 24 h
	taskMortality      = "mortality"      // in hospital
)

// flagIndeterminate: the model's answer was no number, and is left out.
const flagIndeterminate = "indeterminate"

// phenotypesByName are the indexes of schemas.Phenotypes in the order of the names,
// as encoding/json orders a map.
var phenotypesByName = func() (order [len(schemas.Phenotypes)]int) {
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order[:], func(a, b int) int { return strings.Compare(schemas.Phenotypes[a], schemas.Phenotypes[b]) })
	return order
}()

// modelScratch is memory that predictions of one partition reuse.
type modelScratch struct {
	model      *fusion.Model
	buffers    *fusion.Scratch
	input      *encoders.Input
	prediction fusion.Prediction
}

// modelHash names the model in force, empty where there is none.
func (m *Monitor) modelHash() string {
	if m.Model == nil {
		return ""
	}
	return m.Model.Hash()
}

// predict fills in what the model says as of the patient's clock. Without a model
// a score has no risks, and NEWS2 all the same.
func (m *Monitor) predict(p *patient, sc *score, scratch *modelScratch) {
	if m.Model == nil {
		return
	}
	sc.model, sc.kernel, sc.trained = m.Model.Hash(), m.Model.Kernel(), m.Model.Trained()
	if scratch.model != m.Model {
		*scratch = modelScratch{model: m.Model, buffers: fusion.NewScratch(m.Model), input: encoders.NewInput(m.Model.Channels())}
	}
	in, out := scratch.input, &scratch.prediction
	p.window.Hours(p.clock, p.stay.from, in.Channels, in.Mean, in.Count)
	in.Stay = p.stay.statics
	for i := range sc.modalities {
		ms := &sc.modalities[i]
		in.States[ms.which] = ms.state
		in.AgeHours[ms.which] = float32(float64(ms.age) / float64(schemas.Hour))
	}
	m.Model.Predict(scratch.buffers, in, out)
	sc.risk(taskDecompensation, out.Decompensation)
	sc.risk(taskMortality, out.Mortality)
	for _, i := range phenotypesByName {
		if v := out.Phenotypes[i]; finite(v) {
			sc.phenotypes = append(sc.phenotypes, risk{name: schemas.Phenotypes[i], value: v})
		} else {
			sc.indeterminate = true
		}
	}
}

func (sc *score) risk(task string, value float32) {
	if !finite(value) {
		sc.indeterminate = true
		return
	}
	sc.risks = append(sc.risks, risk{name: task, value: value})
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
