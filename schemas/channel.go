package schemas

// Channel is the number of a numeric channel: its index in the channel table. Numbers are
// on disk in windows and logs, so the table only grows at its end; channel 0 is no channel.
type Channel uint16

// MaxChannels is how many channels there can be, because a packed record of a window has
// 10 bits for the number.
const MaxChannels = 1024

// ChannelInfo is a line of the channel table: what a channel is called, in which unit and
// range its values are kept, and by which codes other systems name it.
type ChannelInfo struct {
	ID    Channel
	Name  string // the canonical name in snake case: "heart_rate"
	Group string // vital, support, lab, drug, ventilator, fluid, neuro or derived
	LOINC string // the main LOINC code; empty where none fits
	Unit  string // the canonical unit in UCUM, in which every value behind intake is
	// Low and High are the plausible range in Unit, both inclusive. It refuses what
	// cannot be, not what is rare.
	Low, High float64
	Decimals  int // digits behind the point that people are shown
	// Fraction says that the channel is told as a fraction or as a percentage, whatever its
	// unit says: a value above 1 is a percentage, one from LeastFraction to 1 a fraction,
	// and one between 0 and LeastFraction is refused. FiO2 is charted in both forms (0.4 and
	// 40), so neither is marked; a saturation that was told as a fraction is Assumed.
	Fraction bool
	// Zero says what a 0 from the bedside means.
	Zero Zero
	// Slips are other units that a value outside Low to High can only have been told in.
	Slips []Slip
	// Whole is, of a rate for each kilogram, the channel of the same drug's whole rate: a
	// value in a unit without weight is one of that channel ([Channel.For]).
	Whole Channel
	// Devices says what several values of the channel mean that stand in one message with
	// one event time.
	Devices Devices
	// Transform is what models do to a value first, and Models the range in which they
	// read it, in Unit: artefacts lie outside, stay in the window and are shown.
	Transform   Transform
	Models      Range
	Conversions []Conversion
	Texts       []TextValue // texts that carry a number
	MIMIC3      []Item3     // items of MIMIC-III with the unit that each implies
	MIMIC4      []Item3     // items of MIMIC-IV; filled in from MIMIC3 and alsoMIMIC4
	EICU        []Code      // names of eICU columns, labels and drugs
	AlsoLOINC   []Code      // further LOINC codes that are read as this channel
	MDC         []Code      // codes of ISO/IEEE 11073-10101, by number and by name
	PhysioNet   string      // the variable's name in the PhysioNet/CinC Challenge 2012
}

// Range is a range of values, both ends inclusive. The zero Range holds all values.
type Range struct{ Low, High float32 }

// Has says whether x is in the range.
func (r *Range) Has(x float32) bool { return x >= r.Low && x <= r.High || *r == Range{} }

// Within says whether every value of r is in o too.
func (r Range) Within(o Range) bool {
	return o == Range{} || r != Range{} && r.Low >= o.Low && r.High <= o.High
}

// Zero is what a 0 means that a source tells of a channel. A monitor without a patient, a
// lead that fell off, and a transducer that is open to air all send 0. No zero of a sensor
// may count as if it had been measured.
type Zero uint8

// A 0 is a value like any other, it is refused, or it is taken and marked.
const (
	ZeroCounts  Zero = iota // a 0 is what was measured, or set: no flow, no urine
	ZeroRefused             // no patient has it, so it is refused as sensor_zero: SpO2, a blood pressure
	ZeroSuspect             // it may be true and is the worst there is (asystole, apnoea), so it counts, and is marked Suspect
)

// Devices is what to do with several values of one channel at one event time in one message:
// they are of several devices, or of several readings of one.
type Devices uint8

// Values across messages never join: each message is all that its sender knew at its time.
const (
	DevicesLatest Devices = iota // each stays an observation of its own, and the last in the message is the latest
	DevicesSum                   // they add up: oxygen through a mask and through prongs, two pumps of one drug
	DevicesAny                   // the highest counts: one of two ventilator charts that says "on"
)

// Slip says that a value which cannot be in the unit it was told in, and lies from Low to
// High, is read in Unit and marked Assumed: 102.6 in a Celsius field is Fahrenheit.
type Slip struct {
	Unit      string
	Low, High float64
}

// LeastFraction is the smallest value that is read as a fraction: below 20 % there is
// neither a saturation nor inspired oxygen.
const LeastFraction = 0.2

// Code is a name of another system. Unit is what the name implies where the value comes
// without one; where it is empty that is the channel's own unit.
type Code struct{ Name, Unit string }

// Conversion takes a value of Unit to the canonical unit as value*Scale + Offset. Units are
// compared without regard to case and outer space, since sources write them by hand.
type Conversion struct {
	Unit          string
	Scale, Offset float64
}

// TextValue is a text that carries a number ("4 Spontaneously" is 4), compared without
// regard to case and outer space.
type TextValue struct {
	Text  string
	Value float64
	Flags Flag
}

// Item3 is an item of a MIMIC table. Unit is what the item implies where the row names
// none.
type Item3 struct {
	ID    int
	Table string // CHARTEVENTS, LABEVENTS, OUTPUTEVENTS or INPUTEVENTS
	Unit  string
	// Additional says that the item is charted of a second device beside the first, so that
	// the same value of both is two facts and no repeat.
	Additional bool
}
