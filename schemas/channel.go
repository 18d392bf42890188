package schemas

// Channel is the number of a numeric channel: its index in the channel table. Numbers are
// on disk in windows and logs, so the table only grows at its end; channel 0 is no channel.
type Channel uint16

// MaxChannels is how many channels there can be, because a packed record of a window has
// 12 bits for the number.
const MaxChannels = 4096

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
	Decimals  int  // digits behind the point that people are shown
	Fraction  bool // a value above 1 is a percentage, whatever its unit says
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
}
