package alerts

import (
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// NEWS2 is the National Early Warning Score 2 (Royal College of Physicians,
// 2017) over the latest readings, with the points of each component. It sets
// dst.Value, Partial, Missing (never nil) and Inputs, reusing their memory.
// scale2 chooses the SpO2 scale for hypercapnic respiratory failure. A missing
// component gives no points, is named, and makes the score partial.
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
			p[c], entered = single(r, RespiratoryRate, respiratoryRatePoints)
		case ComponentSpO2:
			switch {
			case !scale2:
				p[c], entered = single(r, SpO2, spo2Scale1)
			case oxygen > 0:
				p[c], entered = single(r, SpO2, spo2Scale2Oxygen)
			default:
				p[c], entered = single(r, SpO2, spo2Scale2Air)
			}
		case ComponentOxygen:
			p[c], entered = oxygen, inputSet{FiO2, OxygenFlow, Ventilated}
		case ComponentSystolic:
			if p[c], entered = single(r, SystolicArterial, systolicPoints); p[c] == NotKnown {
				p[c], entered = single(r, SystolicCuff, systolicPoints)
			}
		case ComponentHeartRate:
			p[c], entered = single(r, HeartRate, heartRatePoints)
		case ComponentConsciousness:
			p[c], entered = consciousnessPoints(r)
		case ComponentTemperature:
			p[c], entered = single(r, Temperature, temperaturePoints)
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
			})
		}
	}
	dst.Partial = len(dst.Missing) > 0
	return p
}

// inputSet holds up to three inputs; none fills it.
type inputSet [3]Input

const none = Inputs

func single(r *Readings, i Input, points func(float32) int8) (int8, inputSet) {
	if !r[i].Known {
		return NotKnown, inputSet{}
	}
	return points(r[i].Value), inputSet{i, none, none}
}

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

// oxygenPoints is missing only if none of the three is known.
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

// temperaturePoints reads to one decimal, as the chart does: 100.5 F is 38.1 C.
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

// consciousnessPoints: the later of a coma scale and an AVPU decides. Alert is a
// coma scale of 15, AVPU of A, or, where the verbal response cannot be tested
// because of a tube, eyes 4 and motor 6.
func consciousnessPoints(r *Readings) (int8, inputSet) {
	total, eye, verbal, motor, avpu := &r[GCSTotal], &r[GCSEye], &r[GCSVerbal], &r[GCSMotor], &r[AVPU]
	parts := eye.Known && verbal.Known && motor.Known
	tubed := parts && verbal.Flags&schemas.Untestable != 0 && eye.Value == 4 && motor.Value == 6

	var (
		known, alert bool
		when         *Reading // the latest that entered
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

// later returns the reading with the later event time; of two at one time the
// one that arrived later.
func later(a, b *Reading) *Reading {
	if b.EventTime > a.EventTime || b.EventTime == a.EventTime && b.Order > a.Order {
		return b
	}
	return a
}
