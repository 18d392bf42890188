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

// modelScratch is the memory that the predictions of one partition reuse. It belongs to
// one model.
type modelScratch struct {
	model     *fusion.Model
	reader    *vitals.Reader
	buffers   *fusion.Scratch
	keeper    *keeper             // nil for a model that does not serve by sums
	pool      []*encoders.Input   // memory for inputs, of a model that does not serve by sums
	inputs    []*encoders.Input   // the batch, one a patient
	sums      []*fusion.Sums      // the batch's sums, of a model that serves by them
	predicted []*patient          // patients predicted ahead for a tick, in the order of answers; nil once the answer was used
	answers   []float32           // of the batch: patient by patient, task by task
	items     []encoders.Modality // the model's item modalities, in its order
	drift     *fusion.Drift       // what it has met; nil where the model has no description
	tasks     []int               // places of the model's tasks in the order of their names, in which encoding/json writes a map
}

// newModelScratch returns the memory for a model.
func newModelScratch(m *fusion.Model) modelScratch {
	s := modelScratch{
		model: m, reader: vitals.NewReader(m.Channels(), m.Statics()), buffers: fusion.NewScratch(m),
		answers: make([]float32, mostAhead*len(m.Config().Tasks)),
	}
	s.keeper = newKeeper(m, s.reader)
	if s.drift = m.NewDrift(); s.drift != nil {
		s.buffers.Watch(s.drift)
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

// modelHash is the SHA-256 of the model file, in hexadecimal; empty where there is no
// model.
func (m *Monitor) modelHash() string {
	if m.Model == nil {
		return ""
	}
	return m.Model.Hash()
}

// readsObservations says whether the model reads single observations and not only the
// sums of hours: windows then stay in memory as a whole, since any score needs all of one.
func (m *Monitor) readsObservations() bool {
	return m.Model != nil && m.Model.ReadsObservations() || m.Shadow != nil && m.Shadow.ReadsObservations()
}

// predict puts into the score what the model says as of the patient's clock. Without a
// model a score has no risks, and NEWS2 all the same. An answer that is not finite is left
// out rather than shown: JSON has no form for it, and no reader has a use.
func (m *Monitor) predict(p *patient, sc *score, scratch *modelScratch) {
	if m.Model == nil {
		return
	}
	sc.model, sc.kernel, sc.trained = m.Model.Hash(), m.Model.Kernel(), m.Model.Trained()
	out := scratch.serving(m.Model).predict(p)
	hours := float32(vitals.Moment{AsOf: p.clock, From: p.stay.viewFrom, Admission: p.stay.start}.Hours())
	for _, k := range scratch.tasks {
		task, v := &m.Model.Config().Tasks[k], out[k]
		switch {
		case !finite(v):
			sc.indeterminate = true
		case task.Report == fusion.ReportRisk:
			r := risk{name: task.Name, value: v}
			r.low, r.high, r.interval = m.Model.Interval(k, v, hours)
			sc.risks = append(sc.risks, r)
		case task.Report == fusion.ReportPhenotype:
			sc.phenotypes = append(sc.phenotypes, risk{name: task.Name, value: v})
		}
	}
}

// serving returns the scratch made for this model; it forgets all if another one served
// before.
func (s *modelScratch) serving(m *fusion.Model) *modelScratch {
	if s.model != m {
		s.keeper.release()
		*s = newModelScratch(m)
	}
	return s
}

// predict returns the model's answers as of the patient's clock, one for each task: those
// that a tick has made ahead, if there are any. The answers hold until the next call.
func (s *modelScratch) predict(p *patient) []float32 {
	tasks := len(s.tasks)
	if i := slices.Index(s.predicted, p); i >= 0 {
		s.predicted[i] = nil
		return s.answers[i*tasks : (i+1)*tasks]
	}
	s.predicted = s.predicted[:0]
	s.clearBatch()
	s.addToBatch(p, p.clock)
	s.runBatch()
	return s.answers[:tasks]
}

// clearBatch begins a new batch.
func (s *modelScratch) clearBatch() { s.inputs, s.sums = s.inputs[:0], s.sums[:0] }

// addToBatch adds a patient's input, as of a moment, to the batch.
func (s *modelScratch) addToBatch(p *patient, asOf schemas.Time) {
	now := vitals.Moment{AsOf: asOf, From: p.stay.viewFrom, Admission: p.stay.start}
	var in *encoders.Input
	if s.keeper != nil {
		kept := s.keeper.current(p, now)
		in, s.sums = kept.input, append(s.sums, kept.sums)
	} else {
		if len(s.pool) == len(s.inputs) {
			s.pool = append(s.pool, s.model.Shape().New())
		}
		in = s.pool[len(s.inputs)]
		s.reader.Fill(in, p.window, now, &p.stay.statics)
	}
	for i, which := range s.items {
		s.project(&p.modalities[which], i)
		p.modalities[which].items.Fill(&in.Items[i], now.From, now.AsOf, now.Begin())
	}
	s.inputs = append(s.inputs, in)
}

// runBatch predicts the batch. The answers of its i-th patient begin in answers at i times
// the number of tasks.
func (s *modelScratch) runBatch() {
	out := s.answers[:len(s.inputs)*len(s.tasks)]
	if s.keeper != nil {
		s.model.PredictSums(s.buffers, s.inputs, s.sums, out)
	} else {
		s.model.Predict(s.buffers, s.inputs, out)
	}
}

// project computes the first layer of the items that came since the last prediction, since
// it depends on the item alone and an item stays in view for 48 h. item is the modality's
// place among the model's item modalities.
func (s *modelScratch) project(m *modality, item int) {
	if m.projected != s.model {
		for i := range m.items {
			m.items[i].Projected = nil
		}
		m.projected = s.model
	}
	for i := range m.items {
		if one := &m.items[i]; one.Projected == nil && one.State == schemas.Present {
			one.Projected = s.model.Project(s.buffers, item, one)
		}
	}
}

// finite says whether v is a number that JSON can write.
func finite(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }

// mostAhead is how many patients are predicted at once at most. It bounds the memory for
// inputs and answers of a partition.
const mostAhead = 16

// predictAhead predicts the next score of the first of the patients together with those of
// the others for whom the same tick has one: at a full hour that is the whole unit. The
// score later finds its answers in the scratch. Neither the order nor the company of a
// prediction can show in an output: it depends on nothing but its patient's window and the
// moment, and nothing comes to a window within a tick.
func (t *step) predictAhead(patients []*patient, tick *schemas.Record) {
	if t.m.Model == nil {
		return
	}
	s := t.s.scratch.model.serving(t.m.Model)
	if slices.Contains(s.predicted, patients[0]) || !patients[0].scoreDue() {
		return
	}
	most := mostAhead
	if s.keeper != nil {
		most = min(most, s.keeper.most)
	}
	s.predicted = s.predicted[:0]
	for _, p := range patients {
		if len(s.predicted) < most && p.scoreDue() && p.due <= p.tickAt(tick) {
			s.predicted = append(s.predicted, p)
		}
	}
	if len(s.predicted) < 2 {
		s.predicted = s.predicted[:0]
		return
	}
	s.clearBatch()
	for _, p := range s.predicted {
		s.addToBatch(p, p.due)
	}
	s.runBatch()
}
