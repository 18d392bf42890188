package schemas

import (
	"math"
	"slices"
	"strings"
)

// ChannelTableVersion is raised with every change of the table. Lines are only added, so
// that an older window or log is read rightly; the version tells which lines a build knows.
const ChannelTableVersion = 3

// NumChannels is the length of the table, counting channel 0, which is not used.
func NumChannels() int { return len(channels) }

// Info returns the channel's line of the table. An unknown channel has the line of channel
// 0, whose name is empty, so that a log of a later version can be shown too.
func (c Channel) Info() *ChannelInfo {
	if int(c) >= len(channels) {
		return &channels[0]
	}
	return &channels[c]
}

// ChannelByName finds a channel by its canonical name, in the exact spelling of the table.
func ChannelByName(name string) (Channel, bool) {
	c, ok := byName[name]
	return c, ok
}

// ChannelByCode finds a channel by a code of another system, and the unit that the code
// implies; an empty unit is the channel's own. The systems are loinc, mdc, mimic-iii,
// mimic-iv, eicu and physionet2012; the first two also by the names that FHIR and HL7 v2
// have for them.
func ChannelByCode(system, code string) (c Channel, unit string, ok bool) {
	if own, other := alsoSystems[system]; other {
		system = own
	}
	found, ok := byCode[codeKey{system, code}]
	return found.channel, found.unit, ok
}

// alsoSystems are other names of the systems: the URIs of FHIR and the table 0396 of HL7 v2.
var alsoSystems = map[string]string{
	"http://loinc.org": "loinc", "LN": "loinc", "LOINC": "loinc", "urn:oid:2.16.840.1.113883.6.1": "loinc",
	"urn:iso:std:iso:11073:10101": "mdc", "MDC": "mdc", "urn:oid:2.16.840.1.113883.6.24": "mdc",
}

type codeKey struct{ system, code string }

type codeTarget struct {
	channel Channel
	unit    string
}

var (
	byName = map[string]Channel{}
	byCode = map[codeKey]codeTarget{}
)

func init() {
	for i := range channels {
		info := &channels[i]
		info.ID = Channel(i)
		if i == 0 {
			continue
		}
		byName[info.Name] = info.ID
		addCode("loinc", info.LOINC, info.ID, "")
		addCode("physionet2012", info.PhysioNet, info.ID, "")
		for j := range info.MIMIC3 {
			info.MIMIC3[j].Additional = slices.Contains(additionalItems, info.MIMIC3[j].ID)
		}
		for _, code := range info.EICU {
			addCode("eicu", code.Name, info.ID, code.Unit)
		}
		for _, item := range info.MIMIC3 {
			addCode("mimic-iii", itoa(item.ID), info.ID, item.Unit)
			// MIMIC-IV kept the ids of MetaVision and of the laboratory.
			if item.ID >= 220000 || item.ID >= 50000 && item.ID < 60000 {
				info.MIMIC4 = append(info.MIMIC4, item)
				addCode("mimic-iv", itoa(item.ID), info.ID, item.Unit)
			}
		}
	}
	for i := range channels {
		if whole, ok := byName[channels[i].Name+"_whole"]; ok {
			channels[i].Whole = whole
		}
	}
	for _, also := range alsoMIMIC4 {
		info := mustInfo(also.channel)
		info.MIMIC4 = append(info.MIMIC4, also.items...)
		for _, item := range also.items {
			addCode("mimic-iv", itoa(item.ID), info.ID, item.Unit)
		}
	}
	for _, also := range alsoLOINC {
		info := mustInfo(also.channel)
		info.AlsoLOINC = also.codes
		for _, code := range also.codes {
			addCode("loinc", code.Name, info.ID, code.Unit)
		}
	}
	for _, mdc := range mdcCodes {
		info := mustInfo(mdc.channel)
		info.MDC = append(info.MDC, Code{Name: itoa(mdc.number)}, Code{Name: mdc.name})
		addCode("mdc", itoa(mdc.number), info.ID, "")
		addCode("mdc", mdc.name, info.ID, "")
	}
	fillNearest()
}

// mustInfo finds a channel that another list of this package names. It panics at the start
// of the program where the lists do not fit together, which every test would show.
func mustInfo(name string) *ChannelInfo {
	c, ok := ChannelByName(name)
	if !ok {
		panic("schemas: no channel " + name)
	}
	return &channels[c]
}

// itoa is strconv.Itoa for numbers of 0 and above.
func itoa(n int) string {
	var b [12]byte
	i := len(b)
	for ; n > 0 || i == len(b); n /= 10 {
		i--
		b[i] = byte('0' + n%10)
	}
	return string(b[i:])
}

// addCode gives a code to a channel unless another has it already: the table lists the
// main channel of a code first.
func addCode(system, code string, c Channel, unit string) {
	if code == "" {
		return
	}
	if _, taken := byCode[codeKey{system, code}]; !taken {
		byCode[codeKey{system, code}] = codeTarget{c, unit}
	}
}

// For returns the channel that a value in a unit is of: c, or the one of the whole rate where c
// is a rate for each kilogram and the unit has no weight. A rate is never read in another unit.
func (c Channel) For(unit string) Channel {
	info := c.Info()
	if info.Whole == 0 {
		return c
	}
	unit = strings.TrimSpace(unit)
	if _, own := info.toCanonical(1, unit); own {
		return c
	}
	if _, whole := info.Whole.Info().toCanonical(1, unit); whole {
		return info.Whole
	}
	return c
}

// Convert takes a value in a unit to the channel's canonical unit and checks it against the
// plausible range; an empty unit means that the value is in the canonical one already. The
// flags are Suspect for a 0 that may be a lead that came off, and Assumed for a value that
// was read in another unit than it was told in; see ChannelInfo. Its problem is bad_unit,
// sensor_zero, implausible (also for NaN and infinities) or unknown_channel, and the caller
// sets the field. The ends of the range give way by a rounding of float32, so that a value
// that was converted to the very end still counts.
func (c Channel) Convert(value float64, unit string) (float32, Flag, *Problem) {
	info := c.Info()
	if info.Name == "" {
		return 0, 0, &Problem{Reason: UnknownChannel, Found: `"` + itoa(int(c)) + `"`, Expected: "a channel of the table"}
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, 0, NewProblem(Implausible, "", formatNumber(value), "a finite number")
	}
	unit = strings.TrimSpace(unit)
	converted, ok := info.toCanonical(value, unit)
	if !ok {
		return 0, 0, NewProblem(BadUnit, "", unit, info.units())
	}
	if value == 0 {
		switch info.Zero {
		case ZeroRefused:
			return 0, 0, NewProblem(SensorZero, "", strings.TrimSpace("0 "+unit), "no 0 of a sensor that is off or open, but "+info.rangeText())
		case ZeroSuspect:
			return 0, Suspect, nil
		}
	}
	var flags Flag
	if info.Fraction {
		if converted, flags, ok = info.fraction(converted); !ok {
			return 0, 0, info.implausible(value, unit)
		}
	}
	if out := float32(converted); info.plausible(out) {
		return out, flags, nil
	}
	for i := range info.Slips {
		if s := &info.Slips[i]; value >= s.Low && value <= s.High && !strings.EqualFold(unit, s.Unit) {
			converted, _ = info.toCanonical(value, s.Unit)
			if out := float32(converted); info.plausible(out) {
				return out, Assumed, nil
			}
		}
	}
	return 0, 0, info.implausible(value, unit)
}

func (info *ChannelInfo) plausible(v float32) bool {
	return float64(v) >= info.Low-1e-6 && float64(v) <= float64(info.High*(1+1e-7))+1e-6
}

func (info *ChannelInfo) implausible(value float64, unit string) *Problem {
	return NewProblem(Implausible, "", strings.TrimSpace(formatNumber(value)+" "+unit), info.rangeText())
}

// fraction takes a value that is told as a fraction or as a percentage to the form of the
// canonical unit. It answers false below LeastFraction.
func (info *ChannelInfo) fraction(v float64) (float64, Flag, bool) {
	switch {
	case v > 0 && v < LeastFraction:
		return 0, 0, false
	case info.Unit == "1" && v > 1:
		return v / 100, 0, true
	case info.Unit == "%" && v > 0 && v <= 1:
		return v * 100, Assumed, true
	}
	return v, 0, true
}

// toCanonical converts a value, and answers false where the unit is not known.
func (info *ChannelInfo) toCanonical(value float64, unit string) (float64, bool) {
	if unit == "" || strings.EqualFold(unit, info.Unit) {
		return value, true
	}
	for i := range info.Conversions {
		if k := &info.Conversions[i]; strings.EqualFold(unit, k.Unit) {
			return float64(value*k.Scale) + k.Offset, true
		}
	}
	return 0, false
}

// units lists the units that the channel takes, for the sender of one that it does not.
func (info *ChannelInfo) units() string {
	names := []string{info.Unit}
	for _, k := range info.Conversions {
		names = append(names, k.Unit)
	}
	return "one of the units " + strings.Join(names, ", ")
}

func (info *ChannelInfo) rangeText() string {
	return formatNumber(info.Low) + " to " + formatNumber(info.High) + " " + info.Unit
}
