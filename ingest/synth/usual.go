package synth

import (
	"math"
	"strconv"

	"github.com/vigil-icu/vigil/schemas"
)

// device is how a channel is measured, and so how often.
type device int

const (
	monitor device = iota // every tick of the bedside monitor
	cuff                  // every 15 min
	chart                 // by a nurse, every hour or half hour
	lab                   // in the laboratory, with a delay
)

// measured is a channel of the unit: its value in a healthy patient, how far it
// scatters around it, and the step that it is shown in.
type measured struct {
	name    string
	device  device
	value   float64 // canonical unit
	scatter float64 // standard deviation of its noise, which is bounded by twice that
	step    float64 // what it is rounded to
	sudden  bool    // it is a score or a setting, which jumps to its target
}

// usual are the channels that the unit measures. With these values and twice this
// scatter each component of NEWS2 is 0, so that a healthy patient never alerts.
var usual = []measured{
	{"heart_rate", monitor, 74, 2, 1, false},
	{"respiratory_rate", monitor, 15, 0.8, 1, false},
	{"spo2", monitor, 98, 0.4, 1, false},
	{"systolic_arterial", monitor, 126, 3, 1, false},
	{"diastolic_arterial", monitor, 70, 2, 1, false},
	{"mean_arterial", monitor, 88, 2, 1, false},
	{"systolic_cuff", cuff, 127, 3, 1, false},
	{"diastolic_cuff", cuff, 71, 2, 1, false},
	{"temperature", chart, 36.9, 0.1, 0.1, false},
	{"gcs_eye", chart, 4, 0, 1, true},
	{"gcs_verbal", chart, 5, 0, 1, true},
	{"gcs_motor", chart, 6, 0, 1, true},
	{"urine_output", chart, 80, 10, 5, false},
	{"fio2", chart, 0.21, 0, 0.01, true},
	{"norepinephrine", chart, 0, 0, 0.01, true},
	{"lactate", lab, 1.1, 0.1, 0.1, false},
	{"creatinine", lab, 0.9, 0.05, 0.1, false},
	{"wbc", lab, 8, 0.6, 0.1, false},
	{"hemoglobin", lab, 13, 0.2, 0.1, false},
	{"platelets", lab, 230, 10, 1, false},
	{"potassium", lab, 4.1, 0.1, 0.1, false},
	{"sodium", lab, 140, 1, 1, false},
	{"bicarbonate", lab, 25, 0.6, 1, false},
	{"urea_nitrogen", lab, 15, 1, 1, false},
	{"glucose", lab, 110, 8, 1, false},
	{"ph", lab, 7.4, 0.01, 0.01, false},
	{"paco2", lab, 40, 1, 1, false},
	{"pao2", lab, 95, 4, 1, false},
}

// What is measured together, as places in usual.
var (
	allMonitor  = positions("heart_rate", "respiratory_rate", "spo2", "systolic_arterial", "diastolic_arterial", "mean_arterial")
	withoutLine = allMonitor[:3] // no arterial line
	allCuff     = positions("systolic_cuff", "diastolic_cuff")
	hourly      = positions("temperature", "gcs_eye", "gcs_verbal", "gcs_motor", "urine_output", "fio2", "norepinephrine")
	halfHourly  = positions("temperature", "fio2", "norepinephrine")
	panel       = positions("lactate", "creatinine", "wbc", "hemoglobin", "platelets", "potassium", "sodium", "bicarbonate", "urea_nitrogen", "glucose")
	bloodGas    = positions("ph", "paco2", "pao2", "lactate")
	heartRate   = position("heart_rate")
)

// position is the place of a channel in usual, -1 if the unit does not measure it.
func position(name string) int {
	for i := range usual {
		if usual[i].name == name {
			return i
		}
	}
	return -1
}

// positions are the places of channels of this package's own, all of which are there.
func positions(names ...string) []int {
	out := make([]int, len(names))
	for i, name := range names {
		if out[i] = position(name); out[i] < 0 {
			panic("synth: the unit does not measure " + name)
		}
	}
	return out
}

// drift is a channel on its way to a target.
type drift struct {
	value, target float64 // in the channel's unit
	noise         float64 // in standard deviations, within -2 and 2
	scatter       float64 // how many times the usual scatter
}

// shown is the value as a device shows it, within the channel's plausible range.
func (d *drift) shown(m *measured) float64 {
	v := math.Round((d.value+d.noise*m.scatter*d.scatter)/m.step) * m.step
	c, _ := schemas.ChannelByName(m.name)
	return math.Max(c.Info().Low, math.Min(v, c.Info().High))
}

// text is the shown value with as many decimals as the step has.
func (d *drift) text(m *measured) string {
	decimals := 0
	for s := m.step; s < 0.999; s *= 10 {
		decimals++
	}
	return strconv.FormatFloat(d.shown(m), 'f', decimals, 64)
}
