package schemas

import (
	"math"
	"strings"
)

// ChannelTableVersion is raised with every change of the table. Lines are only added, so
// that an older window or log is read rightly; the version tells which lines a build knows.
const ChannelTableVersion = 2

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
// implies; an empty unit is the channel's own. The systems are loinc, mimic-iii, mimic-iv,
// eicu and physionet2012.
func ChannelByCode(system, code string) (c Channel, unit string, ok bool) {
	found, ok := byCode[codeKey{system, code}]
	return found.channel, found.unit, ok
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

// Convert takes a value in a unit to the channel's canonical unit and checks it against the
// plausible range; an empty unit means that the value is in the canonical one already. Its
// problem is bad_unit, implausible (also for NaN and infinities) or unknown_channel, and
// the caller sets the field. The ends of the range give way by a rounding of float32, so
// that a value that was converted to the very end still counts.
func (c Channel) Convert(value float64, unit string) (float32, *Problem) {
	info := c.Info()
	if info.Name == "" {
		return 0, &Problem{Reason: UnknownChannel, Found: `"` + itoa(int(c)) + `"`, Expected: "a channel of the table"}
	}
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return 0, NewProblem(Implausible, "", formatNumber(value), "a finite number")
	}
	converted, ok := info.toCanonical(value, unit)
	if !ok {
		return 0, NewProblem(BadUnit, "", unit, info.units())
	}
	out := float32(converted)
	if float64(out) < info.Low-1e-6 || float64(out) > float64(info.High*(1+1e-7))+1e-6 {
		return 0, NewProblem(Implausible, "", strings.TrimSpace(formatNumber(value)+" "+unit), info.rangeText())
	}
	return out, nil
}

// toCanonical converts a value, and answers false where the unit is not known.
func (info *ChannelInfo) toCanonical(value float64, unit string) (float64, bool) {
	unit = strings.TrimSpace(unit)
	found := unit == "" || strings.EqualFold(unit, info.Unit)
	if !found {
		for i := range info.Conversions {
			if k := &info.Conversions[i]; strings.EqualFold(unit, k.Unit) {
				value, found = float64(value*k.Scale)+k.Offset, true
				break
			}
		}
	}
	// A fraction above 1 is a percentage, whatever its unit says: charts hold 0.4
	// and 40 under one label.
	if info.Fraction && value > 1 {
		value /= 100
	}
	return value, found
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
