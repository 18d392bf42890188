package vitals

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// Static is an attribute of the stay as a number.
type Static uint8

// The statics are the general descriptors of the PhysioNet/CinC Challenge 2012, in its codes.
const (
	StaticAge    Static = iota // the age in years
	StaticSex                  // 0 for female, 1 for male
	StaticHeight               // the height in cm, read from 120 to 220
	StaticUnit                 // 1 for a coronary unit, 2 cardiac surgery, 3 medical, 4 surgical
	StaticWeight               // the weight at admission in kg, read from 20 to 300
)

// StaticNames are the names of the statics in a model's list.
var StaticNames = [...]string{"age", "sex", "height", "unit", "weight"}

// ParseStatic finds a static by its name in StaticNames.
func ParseStatic(name string) (Static, error) {
	if i := slices.Index(StaticNames[:], name); i >= 0 {
		return Static(i), nil
	}
	return 0, fmt.Errorf("static %q, want one of %s", name, strings.Join(StaticNames[:], ", "))
}

// Statics fills dst and known, both [len(list)], with the statics of the list. What is not
// known is 0.
func Statics(dst []float32, known []bool, list []Static, s *schemas.Statics) {
	for i, which := range list {
		dst[i], known[i] = which.number(s)
	}
}

// number is the attribute as the number that the network reads; it answers false where the
// stay has none, or one outside the range that models read.
func (k Static) number(s *schemas.Statics) (float32, bool) {
	switch k {
	case StaticAge:
		return within(s.AgeYears, 0, 130)
	case StaticSex:
		switch s.Sex {
		case "female":
			return 0, true
		case "male":
			return 1, true
		}
	case StaticHeight:
		return within(s.HeightCM, 120, 220)
	case StaticUnit:
		return unitCode(s.Unit)
	case StaticWeight:
		return within(s.WeightKG, 20, 300)
	}
	return 0, false
}

// within answers false for a value that is missing or out of range.
func within(v *float32, low, high float32) (float32, bool) {
	if v == nil || *v < low || *v > high {
		return 0, false
	}
	return *v, true
}

// units are the kinds of unit of the PhysioNet/CinC Challenge 2012, by the names that MIMIC
// and eICU give to theirs. A mixed unit is none of them.
var units = [...][]string{
	1: {"CCU", "Coronary Care Unit (CCU)", "Cardiac ICU"},
	2: {"CSRU", "CVICU", "Cardiac Vascular Intensive Care Unit (CVICU)", "CSICU", "CTICU"},
	3: {"MICU", "Medical Intensive Care Unit (MICU)"},
	4: {"SICU", "TSICU", "Surgical Intensive Care Unit (SICU)", "Trauma SICU (TSICU)"},
}

// unitCode is the place of a unit's name in units.
func unitCode(unit string) (float32, bool) {
	for code, names := range units {
		for _, name := range names {
			if strings.EqualFold(name, unit) {
				return float32(code), true
			}
		}
	}
	return 0, false
}
