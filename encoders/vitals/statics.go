package vitals

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/schemas"
)

// Static is an attribute of the stay as a number.
type Static uint8

// Statics.
const (
	StaticAge    Static = iota // years
	StaticSex                  // 0 female, 1 male
	StaticHeight               // cm, read from 120 to 220
	StaticUnit                 // 1 coronary, 2 cardiac surgery, 3 medical, 4 surgical
	StaticWeight               // kg at admission, read from 20 to 300
)

// StaticNames are the names of the statics in a model's list.
var StaticNames = [...]string{"age", "sex", "height", "unit", "weight"}

// ParseStatic reads the name of a static.
func ParseStatic(name string) (Static, error) {
	if i := slices.Index(StaticNames[:], name); i >= 0 {
		return Static(i), nil
	}
	return 0, fmt.Errorf("static %q, want one of %s", name, strings.Join(StaticNames[:], ", "))
}

// Statics fills dst and known, [len(list)]. What is not known is 0.
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

func within(v *float32, low, high float32) (float32, bool) {
	if v == nil || *v < low || *v > high {
		return 0, false
	}
	return *v, true
}

// units are the kinds of unit of PhysioNet 2012, by the names that MIMIC and eICU
// give to theirs. A mixed unit is none of them.
var units = [...][]string{
	1: {"CCU", "Coronary Care Unit (CCU)", "Cardiac ICU"},
	2: {"CSRU", "CVICU", "Cardiac Vascular Intensive Care Unit (CVICU)", "CSICU", "CTICU"},
	3: {"MICU", "Medical Intensive Care Unit (MICU)"},
	4: {"SICU", "TSICU", "Surgical Intensive Care Unit (SICU)", "Trauma SICU (TSICU)"},
}

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
