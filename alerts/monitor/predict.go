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
	keeper  *keeper           // of a model that serves by sums
	room    []*encoders.Input // for a model that does not
	input   []*encoders.Input // of the last predictions
	sums    []*fusion.Sums
	ahead   []*patient // whose predictions out holds, made for a tick
	out     []float32
	items   []encoders.Modality // of the model's item modalities
	tasks   []int               // the model's tasks in the order of their names, as encoding/json orders a map
}

func newModelScratch(m *fusion.Model) modelScratch {
	s := modelScratch{
		model: m, reader: vitals.NewReader(m.Channels(), m.Statics()), buffers: fusion.NewScratch(m),
		out: make([]float32, mostAhead*len(m.Config().Tasks)),
	}
	s.keeper = newKeeper(m, s.reader)
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
	out := scratch.serving(m.Model).predict(p)
	for _, k := range scratch.tasks {
		task, v := &m.Model.Config().Tasks[k], out[k]
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

// serving is the scratch of a model: a new one where another model served before.
func (s *modelScratch) serving(m *fusion.Model) *modelScratch {
	if s.model != m {
		s.keeper.release()
		*s = newModelScratch(m)
	}
	return s
}

// predict is the model's answer as of the patient's clock.
func (s *modelScratch) predict(p *patient) []float32 {
	tasks := len(s.tasks)
	if i := slices.Index(s.ahead, p); i >= 0 {
		s.ahead[i] = nil
		return s.out[i*tasks : (i+1)*tasks]
	}
	s.ahead = s.ahead[:0]
	s.begin()
	s.fill(p, p.clock)
	s.run()
	return s.out[:tasks]
}

func (s *modelScratch) begin() { s.input, s.sums = s.input[:0], s.sums[:0] }

// fill adds the input of a patient to the batch.
func (s *modelScratch) fill(p *patient, asOf schemas.Time) {
	now := vitals.Moment{AsOf: asOf, From: p.stay.from, Admission: p.stay.start}
	var in *encoders.Input
	if s.keeper != nil {
		kept := s.keeper.current(p, now)
		in, s.sums = kept.input, append(s.sums, kept.sums)
	} else {
		if len(s.room) == len(s.input) {
			s.room = append(s.room, s.model.Shape().New())
		}
		in = s.room[len(s.input)]
		s.reader.Fill(in, p.window, now, &p.stay.statics)
	}
	for i, which := range s.items {
		s.project(&p.modalities[which], i)
		p.modalities[which].items.Fill(&in.Items[i], now.From, now.AsOf, now.Begin())
	}
	s.input = append(s.input, in)
}

// run predicts the batch.
func (s *modelScratch) run() {
	out := s.out[:len(s.input)*len(s.tasks)]
	if s.keeper != nil {
		s.model.PredictSums(s.buffers, s.input, s.sums, out)
	} else {
		s.model.Predict(s.buffers, s.input, out)
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

// mostAhead is how many patients are predicted at once.
const mostAhead = 16

// predictAhead predicts the next score of the first of the patients together with those of the
// others for whom the same tick has one: at a full hour that is the whole unit. A
// prediction depends on nothing but its patient's window and the moment, so it has the
// bits that it would have by itself, and nothing comes to a window within a tick.
func (t *step) predictAhead(patients []*patient, tick *schemas.Record) {
	if t.m.Model == nil {
		return
	}
	s := t.s.scratch.model.serving(t.m.Model)
	if slices.Contains(s.ahead, patients[0]) || !patients[0].scoreDue() {
		return
	}
	most := mostAhead
	if s.keeper != nil {
		most = min(most, s.keeper.most)
	}
	s.ahead = s.ahead[:0]
	for _, p := range patients {
		if len(s.ahead) < most && p.scoreDue() && p.due <= p.tickAt(tick) {
			s.ahead = append(s.ahead, p)
		}
	}
	if len(s.ahead) < 2 {
		s.ahead = s.ahead[:0]
		return
	}
	s.begin()
	for _, p := range s.ahead {
		s.fill(p, p.due)
	}
	s.run()
}
