package physionet

import (
	"fmt"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// Descriptors of a stay, which stand at 00:00 and are no measurements.
const (
	recordNumber = iota
	age
	gender
	height
	unitType
)

var descriptorNames = [...]string{recordNumber: "RecordID", age: "Age", gender: "Gender", height: "Height", unitType: "ICUType"}

// units are the kinds of unit, by ICUType.
var units = [...]string{1: "CCU", 2: "CSRU", 3: "MICU", 4: "SICU"}

var heightChannel, _ = schemas.ChannelByName("height")

// descriptor is what the first usable line of a name said; it is not known until then.
type descriptor struct {
	known bool
	value float64
}

// descriptorOf returns which descriptor a name is, -1 where it is none.
func descriptorOf(name []byte) int {
	for i := range descriptorNames {
		if string(name) == descriptorNames[i] {
			return i
		}
	}
	return -1
}

// describe puts a line of a descriptor into its class. A record that names
// another RecordID than its file is an error: whose values are they?
func (s *Source) describe(which int, v float64, known bool) error {
	r := &s.record
	if own, _ := strconv.ParseFloat(r.id, 64); which == recordNumber && known && v != own {
		return fmt.Errorf("%s line %d says RecordID %v: it belongs to another file", s.table.File(), s.table.Line(), v)
	}
	d := &r.descriptors[which]
	switch {
	case !known:
		s.count.Reject(schemas.NoValue)
	case d.known && d.value == v:
		s.count.Duplicate++
	case d.known || !plausible(which, v):
		s.count.Reject(schemas.Implausible)
	default:
		*d = descriptor{true, v}
		s.count.Used++
	}
	return nil
}

// plausible says whether a descriptor can have the value.
func plausible(which int, v float64) bool {
	switch which {
	case age:
		return v >= 0 && v <= 130
	case gender:
		return v == 0 || v == 1
	case height:
		_, _, problem := heightChannel.Convert(v, "")
		return problem == nil
	case unitType:
		return v == 1 || v == 2 || v == 3 || v == 4
	}
	return true
}

// statics are the descriptors as the admit says them. What is not known stays empty.
func (r *record) statics() schemas.Statics {
	var out schemas.Statics
	if d := r.descriptors[age]; d.known {
		years := float32(d.value)
		out.AgeYears = &years
	}
	if d := r.descriptors[height]; d.known {
		cm := float32(d.value)
		out.HeightCM = &cm
	}
	if kg := r.weight; kg > 0 {
		out.WeightKG = &kg
	}
	if d := r.descriptors[gender]; d.known {
		out.Sex = [...]string{"female", "male"}[int(d.value)]
	}
	if d := r.descriptors[unitType]; d.known {
		out.Unit = units[int(d.value)]
	}
	return out
}
