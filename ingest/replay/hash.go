package replay

// Hasher computes Source.Hash from the patients that a source yields, in
// whatever order they come: add each before yielding it.
type Hasher struct {
	patients []patientSum
}

type patientSum struct {
	id  string
	sum [32]byte
}

// Add takes in the patient's stays and events.
func (h *Hasher) Add(p *Patient) { panic("building") }

// Sum is over all added patients by id and over the options, 16 hex digits.
func (h *Hasher) Sum(options string) string { panic("building") }
