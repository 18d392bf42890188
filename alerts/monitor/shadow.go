package monitor

import (
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	quality "github.com/vigil-icu/vigil/fusion/score"
)

// This file is about a model in the shadow: it scores what the served one scores, and how alike
// their risks are is counted. It changes no output, alerts nobody, and no state is kept of it.

// shadow is a model in the shadow of one that serves, in one partition.
type shadow struct {
	model        *fusion.Model
	served       *fusion.Model
	scratch      modelScratch
	task, beside int     // places of the first risk that both models tell; -1: there is none
	threshold    float64 // of the policy's lowest level of it; 0.5 where it has none
	agreement    quality.Agreement
}

// Agreement is how alike the served model and the shadow are, since the partition began to be
// served.
func (s *Partition) Agreement() quality.Agreement { return s.scratch.shadow.agreement }

// RisksInCommon is the first risk that both models tell, "" where there is none.
func RisksInCommon(served, beside *fusion.Model) string {
	if task, _ := inCommon(served, beside); task >= 0 {
		return served.Config().Tasks[task].Name
	}
	return ""
}

// inCommon are the places of the first risk that both models tell.
func inCommon(served, beside *fusion.Model) (task, other int) {
	for i, t := range served.Config().Tasks {
		if t.Report != fusion.ReportRisk {
			continue
		}
		if k := slices.IndexFunc(beside.Config().Tasks, func(o fusion.Task) bool { return o.Name == t.Name && o.Report == t.Report }); k >= 0 {
			return i, k
		}
	}
	return -1, -1
}

// beside lets the shadow score what the served model has scored just now.
func (t *step) beside(sc *score) {
	m := t.m
	if m.Shadow == nil || m.Model == nil {
		return
	}
	s := &t.s.scratch.shadow
	if s.model != m.Shadow || s.served != m.Model {
		*s = shadow{model: m.Shadow, served: m.Model, threshold: 0.5}
		if s.task, s.beside = inCommon(m.Model, m.Shadow); s.task >= 0 {
			name := m.Model.Config().Tasks[s.task].Name
			if i := slices.IndexFunc(m.Policy.Rules, func(r alerts.Rule) bool { return r.Task == name && r.Kind == alerts.KindRisk }); i >= 0 {
				s.threshold = float64(m.Policy.Rules[i].Levels[0].At)
			}
		}
	}
	if s.task < 0 {
		return
	}
	at := taskOf(sc.risks, m.Model.Config().Tasks[s.task].Name)
	if at < 0 {
		return
	}
	if v := s.scratch.serving(m.Shadow).predict(t.p)[s.beside]; finite(v) {
		s.agreement.Add(float64(sc.risks[at].value), float64(v), s.threshold)
	}
}
