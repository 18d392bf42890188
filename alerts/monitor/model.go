package monitor

import (
	"math"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
)

// flagIndeterminate: the model's answer was no number, and is left out.
const flagIndeterminate = "indeterminate"

// modelScratch is memory that predictions of one partition reuse.
type modelScratch struct {
	model   *fusion.Model
	reader  *vitals.Reader
	buffers *fusion.Scratch
	keeper  *keeper            // of a model that serves by sums
	room    *encoders.Input    // for a model that does not
	input   [1]*encoders.Input // of the last prediction
	sums    [1]*fusion.Sums
	out     []float32
	items   []encoders.Modality // of the model's item modalities
	tasks   []int               // the model's tasks in the order of their names, as encoding/json orders a map
}

func newModelScratch(m *fusion.Model) modelScratch {
	s := modelScratch{
		model: m, reader: vitals.NewReader(m.Channels(), m.Statics()), buffers: fusion.NewScratch(m),
		out: make([]float32, len(m.Config().Tasks)),
	}
	if s.keeper = newKeeper(m, s.reader); s.keeper == nil {
		s.room = m.Shape().New()
	}
	for _, mod := range m.Config().Modalities {
		if mod.Kind == fusion.KindItems {
			s.items = append(s.items, encoders.Modality(slices.Index(encoders.Names[:], mod.Name)))
		}
	}
	tasks := m.Config().Tasks
	for k := range tasks {
		s.tasks = append(s.tasks, k)
	}
	slices.SortFunc(s.tasks, func(a, b int) int { return strings.Compare(tasks[a].Name, tasks[b].Name) })
	return s
}

// modelHash names the model in force, empty where there is none.
func (m *Monitor) modelHash() string {
	if m.Model == nil {
		return ""
	}
	return m.Model.Hash()
}

// whole says whether the model reads observations, and not the hours' sums alone:
// windows then stay in memory as a whole.
func (m *Monitor) whole() bool { return m.Model != nil && m.Model.ReadsObservations() }

// predict fills in what the model says as of the patient's clock. Without a model
// a score has no risks, and NEWS2 all the same.
func (m *Monitor) predict(p *patient, sc *score, scratch *modelScratch) {
	if m.Model == nil {
		return
	}
	sc.model, sc.kernel, sc.trained = m.Model.Hash(), m.Model.Kernel(), m.Model.Trained()
	if scratch.model != m.Model {
		scratch.keeper.release()
		*scratch = newModelScratch(m.Model)
	}
	scratch.predict(p)
	for _, k := range scratch.tasks {
		task, v := &m.Model.Config().Tasks[k], scratch.out[k]
		switch {
		case !finite(v):
			sc.indeterminate = true
		case task.Report == fusion.ReportRisk:
			sc.risks = append(sc.risks, risk{name: task.Name, value: v})
		case task.Report == fusion.ReportPhenotype:
			sc.phenotypes = append(sc.phenotypes, risk{name: task.Name, value: v})
		}
	}
}

// predict sets out to the model's answer as of the patient's clock.
func (s *modelScratch) predict(p *patient) {
	now := vitals.Moment{AsOf: p.clock, From: p.stay.from, Admission: p.stay.start}
	if s.keeper != nil {
		kept := s.keeper.of(p, now)
		s.input[0], s.sums[0] = kept.input, kept.sums
	} else {
		s.input[0] = s.room
		s.reader.Fill(s.room, p.window, now, &p.stay.statics)
	}
	for i, which := range s.items {
		s.project(&p.modalities[which], i)
		p.modalities[which].items.Fill(&s.input[0].Items[i], now.From, now.AsOf, now.Begin())
	}
	if s.keeper != nil {
		s.model.PredictSums(s.buffers, s.input[:], s.sums[:], s.out)
	} else {
		s.model.Predict(s.buffers, s.input[:], s.out)
	}
}

// project makes the first layer of the items that came since the last prediction.
func (s *modelScratch) project(m *modality, item int) {
	if m.projected != s.model {
		for i := range m.items {
			m.items[i].Projected = nil
		}
		m.projected = s.model
	}
	for i := range m.items {
		if one := &m.items[i]; one.Projected == nil && one.State == schemas.Present {
			one.Projected = s.model.Project(s.buffers, item, one.Vector)
		}
	}
}

func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
