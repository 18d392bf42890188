package schemas

// This file is the table of limits: what one sender, patient, message, hour or run can make
// Vigil hold, do or believe. MaxVitals and its neighbours in decode.go are those of bytes.
// What is beyond a limit is never dropped unsaid: each names here what becomes of it.
const (
	// MaxAhead is how far ahead of intake's clock a live event may be measured; what is further
	// ahead is a dead letter (future). What is ahead by less counts as measured on arrival.
	MaxAhead = 5 * Minute
	// MaxSkew is how far a sender's clock may be off before what it sends is marked ClockOff.
	MaxSkew = Minute

	// MaxMessageValues is how many values and observations a vitals message may have. One with
	// more is a dead letter (too_large).
	MaxMessageValues = 20_000
	// MaxHourValues is how many records of one channel an hour of a patient's window takes:
	// one a second, and a tenth more. NEWS2 goes by what comes beyond them all the same; it is
	// counted (Counts.Overfull of alerts/monitor), and models do not see it. Of one message no
	// more are taken either; the rest is a partial dead letter (too_many).
	MaxHourValues = 4000

	// MaxStretchMessages and MaxStretchBytes bound what a topic of a run may bring between
	// two progress marks, in one partition, as it is held in memory. What comes beyond
	// is a dead letter (no_mark), up to the next mark.
	MaxStretchMessages = 200_000
	MaxStretchBytes    = 128 << 20

	// MaxUnheard is how long a stay stays open of which no data come, an announced one too.
	// It bounds the hours that one record can make a patient's time pass.
	MaxUnheard = 31 * 24 * Hour
)
