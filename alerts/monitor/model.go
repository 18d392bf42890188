package monitor

// modelScratch is memory that predictions reuse.
type modelScratch struct{}

// modelHash names the model in force, empty where there is none.
func (m *Monitor) modelHash() string { return "" }

// predict fills in what the model says as of the patient's clock.
func (m *Monitor) predict(p *patient, sc *score, scratch *modelScratch) {
	sc.model = m.modelHash()
}
