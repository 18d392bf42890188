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
// (never nil), Stale and Inputs, and reuses the memory of the lists. scale2 chooses the chart's
// second SpO2 scale, which a clinician orders for hypercapnic respiratory failure.
//
// A component that has no fresh reading has the points of its last known ones: it is named in
// Stale, and its inputs say so. One that was never measured gives no points and is named in
// Missing. Either makes the score partial: the true score may be another.
//
// Of two sources of one component the one that was measured later decides, and at equal times
// arterial goes before cuff, the coma scale's total before its parts, and of a coma scale and
// an AVPU the one that arrived later. Oxygen is given if any of its inputs says so.
//
// Points of the inputs add up to the value: the input that decides a component carries its
// points, and the others of the component carry 0.
//
// The chart is printed for whole numbers (temperature for tenths). A number between two of
// its columns, as 8.5 breaths between "8 or less" and "9 to 11", belongs to the higher one.
// Only temperature is rounded, because a value that comes from Fahrenheit has more decimals
// than the chart.
func NEWS2(r *Readings, scale2 bool, dst *schemas.NEWS2) Standing {
	s := Standing{Measured: r.Measured()}
	dst.Value, dst.Missing, dst.Stale, dst.Inputs = 0, dst.Missing[:0], dst.Stale[:0], dst.Inputs[:0]
	if dst.Missing == nil {
		dst.Missing = []string{}
	}
	fresh := *r
	for i := range fresh {
		fresh[i].Known = r[i].Known && !r[i].Stale
	}
	oxygen := componentPoints(ComponentOxygen, &fresh, false, 0).points
	if oxygen == NotKnown {
		oxygen = componentPoints(ComponentOxygen, r, false, 0).points
	}
	for c := range Components {
		read, d := &fresh, componentPoints(c, &fresh, scale2, oxygen)
		if d.points == NotKnown {
			read, d = r, componentPoints(c, r, scale2, oxygen)
			s.Stale[c] = d.points != NotKnown
		}
		s.Points[c] = d.points
		switch {
		case d.points == NotKnown:
			dst.Missing = append(dst.Missing, ComponentNames[c])
			continue
		case s.Stale[c]:
			dst.Stale = append(dst.Stale, ComponentNames[c])
		}
		dst.Value += int(d.points)
		for _, i := range d.entered {
			if i == none || !read[i].Known {
				continue
			}
			in := schemas.NEWS2Input{
				Component: ComponentNames[c],
				Channel:   InputChannels[i].Name,
				Value:     read[i].Value,
				Unit:      InputChannels[i].Unit,
				EventTime: read[i].EventTime,
				Ref:       read[i].Ref,
				Stale:     s.Stale[c],
				Flags:     read[i].Flags.Words(nil),
			}
			if i == d.decides {
				in.Points = int(d.points)
			}
			dst.Inputs = append(dst.Inputs, in)
		}
	}
	dst.Partial = len(dst.Missing)+len(dst.Stale) > 0
	return s
}

// decision is what a component comes to: its points, NotKnown where its inputs do not tell,
// the inputs that entered, and the one of them that decides.
type decision struct {
	points  int8
	entered inputSet
	decides Input
}

// notKnown is the decision of a component without inputs.
var notKnown = decision{points: NotKnown, entered: inputSet{none, none, none}, decides: none}

// componentPoints is the row of the chart for one component. oxygen are the points of the
// oxygen row, which chooses the column of SpO2 scale 2.
func componentPoints(c Component, r *Readings, scale2 bool, oxygen int8) decision {
	switch c {
	case ComponentRespiratoryRate:
		return pointsFrom(r, RespiratoryRate, respiratoryRatePoints)
	case ComponentSpO2:
		switch {
		case !scale2:
			return pointsFrom(r, SpO2, spo2Scale1)
		case oxygen > 0:
			return pointsFrom(r, SpO2, spo2Scale2Oxygen)
		}
		return pointsFrom(r, SpO2, spo2Scale2Air)
	case ComponentOxygen:
		return oxygenPoints(r)
	case ComponentSystolic:
		if cuff, arterial := &r[SystolicCuff], &r[SystolicArterial]; cuff.Known && (!arterial.Known || cuff.EventTime > arterial.EventTime) {
			return pointsFrom(r, SystolicCuff, systolicPoints)
		}
		return pointsFrom(r, SystolicArterial, systolicPoints)
	case ComponentHeartRate:
		return pointsFrom(r, HeartRate, heartRatePoints)
	case ComponentConsciousness:
		return consciousnessPoints(r)
	case ComponentTemperature:
		return pointsFrom(r, Temperature, temperaturePoints)
	}
	return notKnown
}

// inputSet names the inputs that entered a component, at most three. none fills the rest.
type inputSet [3]Input

const none = Inputs

// pointsFrom gives the points of a component that one input decides.
func pointsFrom(r *Readings, i Input, points func(float32) int8) decision {
	if !r[i].Known {
		return notKnown
	}
	return decision{points(r[i].Value), inputSet{i, none, none}, i}
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
func oxygenPoints(r *Readings) decision {
	fio2, flow, ventilated := &r[FiO2], &r[OxygenFlow], &r[Ventilated]
	d := notKnown
	for _, i := range componentInputs[ComponentOxygen] {
		if r[i].Known {
			d = decision{0, inputSet{FiO2, OxygenFlow, Ventilated}, none}
		}
	}
	fraction := fio2.Value
	if fraction > 1 { // charted as a percentage
		fraction = float32(float64(fraction) / 100)
	}
	switch {
	case fio2.Known && fraction > 0.21:
		d.points, d.decides = 2, FiO2
	case flow.Known && flow.Value > 0:
		d.points, d.decides = 2, OxygenFlow
	case ventilated.Known && ventilated.Value > 0:
		d.points, d.decides = 2, Ventilated
	}
	return d
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
// else. Of the coma scale's total, the sum of its parts and an AVPU the latest decides.
//
// Alert is a coma scale of 15, an AVPU of A, or eyes 4 and motor 6 where a tube keeps the
// verbal response from being tested, which else would give every intubated patient 3 points;
// charted as a total, that is 10T or 11T, by whether the verbal part counts.
func consciousnessPoints(r *Readings) decision {
	total, verbal, avpu := &r[GCSTotal], &r[GCSVerbal], &r[AVPU]
	d, at := glasgowParts(r)
	if total.Known && (d.points == NotKnown || total.EventTime >= at) {
		tubed := verbal.Known && verbal.Flags&schemas.Untestable != 0 || total.Flags&schemas.Untestable != 0
		partsAt := max(r[GCSEye].EventTime, verbal.EventTime, r[GCSMotor].EventTime)
		// Behind a tube the parts know better than a total that may or may not count the verbal
		// response as 1, unless it came after all of them.
		if d.points == NotKnown || !tubed || total.EventTime > partsAt {
			alert := total.Value == 15 || total.Flags&schemas.Untestable != 0 && total.Value >= 10
			d, at = decision{alertPoints(alert), inputSet{GCSTotal, none, none}, GCSTotal}, total.EventTime
		}
	}
	if avpu.Known && (d.points == NotKnown || avpu.EventTime > at || avpu.EventTime == at && avpu.Order > r[d.decides].Order) {
		d = decision{alertPoints(avpu.Value == AVPUAlert), inputSet{AVPU, none, none}, AVPU}
	}
	return d
}

// alertPoints are those of the row "Consciousness".
func alertPoints(alert bool) int8 {
	if alert {
		return 0
	}
	return 3
}

// glasgowParts decides by the parts of the coma scale, each with its own time, and says as of
// when. A part below its most excludes "alert" by itself, whatever the others are and even if
// they are not known: that holds as of the latest such part. "Alert" needs all three, the
// verbal part as well as it can be tested, and holds as of the oldest of them.
func glasgowParts(r *Readings) (d decision, at schemas.Time) {
	d, at = notKnown, never
	most := [3]float32{4, 5, 6}
	whole, oldest := true, forever
	for k, i := range [3]Input{GCSEye, GCSVerbal, GCSMotor} {
		part := &r[i]
		if !part.Known {
			whole = false
			continue
		}
		oldest = min(oldest, part.EventTime)
		if part.Value < most[k] && part.Flags&schemas.Untestable == 0 && part.EventTime > at {
			d, at = decision{3, inputSet{GCSEye, GCSVerbal, GCSMotor}, i}, part.EventTime
		}
	}
	if d.points == NotKnown && whole {
		d, at = decision{0, inputSet{GCSEye, GCSVerbal, GCSMotor}, GCSEye}, oldest
	}
	return d, at
}
