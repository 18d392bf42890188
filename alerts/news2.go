package alerts

import (
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// NEWS2 computes the National Early Warning Score 2 over the latest readings and returns the
// points of each component. The source of every threshold in this file is the chart in:
// Royal College of Physicians, "National Early Warning Score (NEWS) 2: Standardising the
// assessment of acute-illness severity in the NHS", London 2017.
//
// Readings are in the canonical unit of their channel. NEWS2 sets dst.Value, Partial, Missing
// (never nil) and Inputs, and reuses the memory of both lists. scale2 chooses the chart's
// second SpO2 scale, which a clinician orders for hypercapnic respiratory failure. A missing
// component gives no points, is named in Missing and makes the score partial: the true score
// may be higher.
//
// The chart is printed for whole numbers (temperature for tenths). A number between two of
// its columns, as 8.5 breaths between "8 or less" and "9 to 11", belongs to the higher one.
// Only temperature is rounded, because a value that comes from Fahrenheit has more decimals
// than the chart.
func NEWS2(r *Readings, scale2 bool, dst *schemas.NEWS2) Points {
	var p Points
	dst.Value, dst.Missing, dst.Inputs = 0, dst.Missing[:0], dst.Inputs[:0]
	if dst.Missing == nil {
		dst.Missing = []string{}
	}
	oxygen := oxygenPoints(r)
	for c := range Components {
		var entered inputSet
		switch c {
		case ComponentRespiratoryRate:
			p[c], entered = pointsFrom(r, RespiratoryRate, respiratoryRatePoints)
		case ComponentSpO2:
			switch {
			case !scale2:
				p[c], entered = pointsFrom(r, SpO2, spo2Scale1)
			case oxygen > 0:
				p[c], entered = pointsFrom(r, SpO2, spo2Scale2Oxygen)
			default:
				p[c], entered = pointsFrom(r, SpO2, spo2Scale2Air)
			}
		case ComponentOxygen:
			p[c], entered = oxygen, inputSet{FiO2, OxygenFlow, Ventilated}
		case ComponentSystolic:
			if p[c], entered = pointsFrom(r, SystolicArterial, systolicPoints); p[c] == NotKnown {
				p[c], entered = pointsFrom(r, SystolicCuff, systolicPoints)
			}
		case ComponentHeartRate:
			p[c], entered = pointsFrom(r, HeartRate, heartRatePoints)
		case ComponentConsciousness:
			p[c], entered = consciousnessPoints(r)
		case ComponentTemperature:
			p[c], entered = pointsFrom(r, Temperature, temperaturePoints)
		}
		if p[c] == NotKnown {
			dst.Missing = append(dst.Missing, ComponentNames[c])
			continue
		}
		dst.Value += int(p[c])
		for _, i := range entered {
			if i == none || !r[i].Known {
				continue
			}
			dst.Inputs = append(dst.Inputs, schemas.NEWS2Input{
				Component: ComponentNames[c],
				Channel:   InputChannels[i].Name,
				Value:     r[i].Value,
				Unit:      InputChannels[i].Unit,
				EventTime: r[i].EventTime,
				Ref:       r[i].Ref,
				Points:    int(p[c]),
				Flags:     r[i].Flags.Words(nil),
			})
		}
	}
	dst.Partial = len(dst.Missing) > 0
	return p
}

// inputSet names the inputs that entered a component, at most three. none fills the rest.
type inputSet [3]Input

const none = Inputs

// pointsFrom gives the points of a component that one input decides.
func pointsFrom(r *Readings, i Input, points func(float32) int8) (int8, inputSet) {
	if !r[i].Known {
		return NotKnown, inputSet{}
	}
	return points(r[i].Value), inputSet{i, none, none}
}

// respiratoryRatePoints is the chart's row "Respiration rate (per minute)".
func respiratoryRatePoints(v float32) int8 {
	switch {
	case v <= 8:
		return 3
	case v <= 11:
		return 1
	case v <= 20:
		return 0
	case v <= 24:
		return 2
	}
	return 3
}

// spo2Scale1 is the chart's row "SpO2 Scale 1 (%)".
func spo2Scale1(v float32) int8 {
	switch {
	case v <= 91:
		return 3
	case v <= 93:
		return 2
	case v <= 95:
		return 1
	}
	return 0
}

// spo2Scale2Air is the chart's row "SpO2 Scale 2 (%)" for a patient who breathes air: no
// saturation is too high then.
func spo2Scale2Air(v float32) int8 {
	switch {
	case v <= 83:
		return 3
	case v <= 85:
		return 2
	case v <= 87:
		return 1
	}
	return 0
}

// spo2Scale2Oxygen is the same row for a patient on oxygen: above the target of 88 to 92 %
// too much oxygen is given.
func spo2Scale2Oxygen(v float32) int8 {
	switch {
	case v < 93:
		return spo2Scale2Air(v)
	case v <= 94:
		return 1
	case v <= 96:
		return 2
	}
	return 3
}

// oxygenPoints is the chart's row "Air or oxygen?". A patient is on oxygen who is given a
// fraction above that of air, any flow in L/min, or is ventilated. The component is missing
// only if none of the three is known.
func oxygenPoints(r *Readings) int8 {
	fio2, flow, ventilated := &r[FiO2], &r[OxygenFlow], &r[Ventilated]
	if !fio2.Known && !flow.Known && !ventilated.Known {
		return NotKnown
	}
	fraction := fio2.Value
	if fraction > 1 { // charted as a percentage
		fraction = float32(float64(fraction) / 100)
	}
	if fio2.Known && fraction > 0.21 || flow.Known && flow.Value > 0 || ventilated.Known && ventilated.Value > 0 {
		return 2
	}
	return 0
}

// systolicPoints is the chart's row "Systolic blood pressure (mmHg)".
func systolicPoints(v float32) int8 {
	switch {
	case v <= 90:
		return 3
	case v <= 100:
		return 2
	case v <= 110:
		return 1
	case v <= 219:
		return 0
	}
	return 3
}

// heartRatePoints is the chart's row "Pulse (per minute)".
func heartRatePoints(v float32) int8 {
	switch {
	case v <= 40:
		return 3
	case v <= 50:
		return 1
	case v <= 90:
		return 0
	case v <= 110:
		return 1
	case v <= 130:
		return 2
	}
	return 3
}

// temperaturePoints is the chart's row "Temperature (°C)". The chart has tenths of a degree,
// so the value is rounded to them, halves away from zero: 100.5 °F is 38.1 °C.
func temperaturePoints(v float32) int8 {
	tenths := math.Round(float64(v) * 10)
	switch {
	case tenths <= 350:
		return 3
	case tenths <= 360:
		return 1
	case tenths <= 380:
		return 0
	case tenths <= 390:
		return 1
	}
	return 2
}

// consciousnessPoints is the chart's row "Consciousness": 0 points for alert, 3 for anything
// else. The later of a Glasgow coma scale and an AVPU decides. Alert is a coma scale of 15,
// an AVPU of A, or eyes 4 and motor 6 where a tube keeps the verbal response from being
// tested, which else would give every intubated patient 3 points.
func consciousnessPoints(r *Readings) (int8, inputSet) {
	total, eye, verbal, motor, avpu := &r[GCSTotal], &r[GCSEye], &r[GCSVerbal], &r[GCSMotor], &r[AVPU]
	parts := eye.Known && verbal.Known && motor.Known
	tubed := parts && verbal.Flags&schemas.Untestable != 0 && eye.Value == 4 && motor.Value == 6

	var (
		known, alert bool
		when         *Reading // the latest reading that entered
		entered      = inputSet{GCSEye, GCSVerbal, GCSMotor}
	)
	switch {
	case total.Known && (total.Value == 15 || !tubed):
		known, alert, when = true, total.Value == 15, total
		entered = inputSet{GCSTotal, none, none}
	case parts:
		known, alert = true, tubed || eye.Value+verbal.Value+motor.Value == 15
		when = later(eye, later(verbal, motor))
	}
	if avpu.Known && (!known || later(avpu, when) == avpu) {
		known, alert = true, avpu.Value == AVPUAlert
		entered = inputSet{AVPU, none, none}
	}
	switch {
	case !known:
		return NotKnown, inputSet{}
	case alert:
		return 0, entered
	}
	return 3, entered
}

// later returns the reading with the later event time, and of two at the same time the one
// that arrived later.
func later(a, b *Reading) *Reading {
	if b.EventTime > a.EventTime || b.EventTime == a.EventTime && b.Order > a.Order {
		return b
	}
	return a
}
