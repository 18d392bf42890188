package window

import (
	"github.com/vigil-icu/vigil/schemas"
)

// Window is one patient's observations. The zero value is not usable: New or
// Load makes one. It belongs to one goroutine.
type Window struct{}

// New returns an empty window.
func New() *Window { return &Window{} }

// Load makes a window of its chunks, as a store gives them back: ascending
// hours, whole records, no record that Add would not have taken. It keeps the
// bytes and never writes to them. An error says which chunk, which record and
// what is wrong with it; the mend is to rebuild the partition from the log.
func Load(chunks []Chunk) (*Window, error) { panic("soon") }

// Add takes an observation that log record logN of the patient brought, and
// says whether the window changed.
//
//   - A repeat (same channel, same 1/16 s, same value bits, same flags other
//     than Corrected and Retracted) of an observation in force adds nothing.
//   - Unlike values of one channel at one time both stay.
//   - Corrected replaces all observations of its channel and time that arrived
//     before; Retracted takes them back, its value is ignored. Either adds
//     nothing where it would change nothing.
//   - A value that is not finite, or a channel beyond schemas.MaxChannels, adds
//     nothing: intake refuses both.
//
// logN never falls: where it does, the count has begun again with a new stay,
// and Add does as Restart first.
func (w *Window) Add(o schemas.Observation, logN uint32) (added bool) { panic("soon") }

// Advance tells the window the patient's clock. An hour is closed when the
// clock has moved past its end by an hour: the next TakeWrites writes it whole,
// which lets the store keep it without slack.
func (w *Window) Advance(clock schemas.Time) { panic("soon") }

// Restart says that log_n begins again: a stay opens. What the window holds
// was known before it, and counts as log_n 0 from now on.
func (w *Window) Restart() { panic("soon") }

// Trim drops the hours that end at or before the given time.
func (w *Window) Trim(before schemas.Time) { panic("soon") }

// Len returns the number of records, those of history included.
func (w *Window) Len() int { panic("soon") }

// TakeWrites sets p.Chunks, p.Deletes and p.Lens to what changed since the last
// call, reusing their memory. The window takes it as stored: if the store ends
// up without it, load the window again.
func (w *Window) TakeWrites(p *PatientWrite) { panic("soon") }

// Chunks appends the whole window to dst, ascending hours. The bytes must not
// be written to.
func (w *Window) Chunks(dst []Chunk) []Chunk { panic("soon") }

// HourBins is the number of hours that Hours fills per channel.
const HourBins = 48

// Hours fills mean and count, both [len(channels)][HourBins], with the hour
// bins of the observations in force with event time in [from, asOf]. Bin 47
// is the current hour: bins of one hour from floor_hour(asOf - 1 ms) - 47 h,
// the last includes asOf itself. An empty bin has mean 0 and count 0. It
// allocates nothing and sees all that was added, whatever its log_n. mean and
// count must have at least len(channels)*HourBins elements.
//
// A mean is float32(sum / (count * 2^24)), computed in float64 from an int64
// sum of values scaled by 2^24 and rounded to even: exact for |value| >= 0.5,
// to 6e-8 below, as long as the sum of a bin's values stays below 2^39 (beyond
// it the sum wraps; a single value saturates at 2^38).
func (w *Window) Hours(asOf, from schemas.Time, channels []schemas.Channel, mean, count []float32) {
	panic("soon")
}

// Latest returns the observation in force with the latest event time in
// [from, asOf]; of several at one time the one that arrived last. ok is false
// where there is none.
func (w *Window) Latest(ch schemas.Channel, asOf, from schemas.Time) (p Point, ok bool) {
	panic("soon")
}

// Point is one observation of a view.
type Point struct {
	EventTime schemas.Time // floored to 1/16 s
	Value     float32
	LogN      uint32
	Flags     schemas.Flag
}

// At returns the view as of a moment and a place in the patient's log:
// observations with event time in [from, asOf] that records up to logN brought,
// as corrected and taken back up to there. The view is read from the raw records, reads the window
// when asked, and is void after the window's next change.
func (w *Window) At(asOf schemas.Time, logN uint32, from schemas.Time) View { panic("soon") }

// View is a window as of a moment.
type View struct{}

// Append appends the channel's observations to dst, ordered by event time,
// log_n and arrival.
func (v View) Append(dst []Point, ch schemas.Channel) []Point { panic("soon") }

// Channels appends to dst, ascending, the channels that have records in the
// window (of any time and log_n).
func (v View) Channels(dst []schemas.Channel) []schemas.Channel { panic("soon") }
