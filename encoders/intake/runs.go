package intake

import "github.com/vigil-icu/vigil/schemas"

// refusesRun says whether a message is refused because it is recorded, and makes an item of it
// then. Whoever may write a raw topic could else set a run beside live patients.
func (w *Worker) refusesRun(m *schemas.Message, i *Item) bool {
	if !w.LiveOnly {
		return false
	}
	run, recorded := m.Header(schemas.HeaderRun)
	if !recorded {
		return false
	}
	*i = Item{message: *m, reroute: -1}
	i.source, _ = m.Header(schemas.HeaderSource)
	i.source = i.source[:min(len(i.source), schemas.MaxID)]
	i.problem = schemas.NewProblem(schemas.RunsOff, "header "+schemas.HeaderRun, run,
		"no run: these topics are live; start the workers with --allow-runs, or play into topics of their own (--topic-prefix)")
	return true
}

// leaveRun ends the run that a log is in, where the worker takes live events only.
func (l *logWriter) leaveRun() {
	s := &l.log.state
	if !l.worker.LiveOnly || s.Run == "" {
		return
	}
	l.worker.Log.Error().Int("partition", l.tenure.Partition).Str("run", s.Run).
		Msg("a run has not ended, and runs are not allowed here (--allow-runs): it ends where the log stands, what waits of it is left out")
	s.Over, s.Run, s.Frontier, s.Part = s.Run, "", -1, 0
	for t := range l.queues {
		l.queues[t].mark, l.queues[t].ended = -1, false
	}
}
