package schemas

// Flag qualifies an observation. The low four bits are stored with each packed
// window record.
type Flag uint8

// Flags of an observation.
const (
	Corrected  Flag = 1 << iota // replaces every earlier observation of the channel at this event time
	Retracted                   // takes back every earlier observation of the channel at this event time
	Untestable                  // a GCS verbal response that could not be tested: intubated ("ET/Trach" and its kin)
)

// Observation is one number of one channel at one measured moment, in the
// channel's canonical unit.
type Observation struct {
	Channel   Channel
	Flags     Flag
	EventTime Time
	Value     float32
	Ref       string // where the value came from, "TABLE:row id"; may be empty
}
