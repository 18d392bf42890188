package schemas

// Channel is the number of a numeric channel: its index in the channel table.
// Numbers are on disk in windows and logs: the table only grows at its end.
// A window record has 12 bits for it.
type Channel uint16

// MaxChannels is what 12 bits hold.
const MaxChannels = 4096

// ChannelInfo is a line of the channel table.
type ChannelInfo struct {
	ID          Channel
	Name        string  // snake case: "heart_rate"
	Group       string  // vital, support, lab, drug, ventilator, fluid, neuro, derived
	LOINC       string  // empty where none fits
	Unit        string  // canonical, UCUM
	Low, High   float64 // plausible range in Unit, inclusive
	Decimals    int     // for people
	Fraction    bool    // a value above 1 is a percentage
	Transform   Transform
	Models      Range // in which models read it, in Unit: artefacts are outside
	Conversions []Conversion
	Texts       []TextValue // text values that carry a number
	MIMIC3      []Item3     // MIMIC-III item ids with the unit that each implies
	MIMIC4      []Item3     // filled from MIMIC3 and alsoMIMIC4
	EICU        []Code      // names of eICU columns, labels and drugs
	AlsoLOINC   []Code      // further LOINC codes that are read as this channel
	PhysioNet   string      // CinC 2012 variable name
}

// Range is a range of values, inclusive. Both 0: all values.
type Range struct{ Low, High float32 }

// Has says whether x is in the range.
func (r *Range) Has(x float32) bool { return x >= r.Low && x <= r.High || *r == Range{} }

// Within says whether all of r is in o too.
func (r Range) Within(o Range) bool {
	return o == Range{} || r != Range{} && r.Low >= o.Low && r.High <= o.High
}

// Code is a name of another system. Unit is what the name implies where the value
// has none; empty: the channel's own.
type Code struct{ Name, Unit string }

// Conversion takes a value of Unit to the canonical unit: value*Scale + Offset.
type Conversion struct {
	Unit          string // compared without case and outer space
	Scale, Offset float64
}

// TextValue is a text that carries a number ("4 Spontaneously").
type TextValue struct {
	Text  string // compared without case and outer space
	Value float64
	Flags Flag
}

// Item3 is an item of a MIMIC table. Unit is what the item implies where the row
// names none.
type Item3 struct {
	ID    int
	Table string // CHARTEVENTS, LABEVENTS, OUTPUTEVENTS, INPUTEVENTS
	Unit  string
}
