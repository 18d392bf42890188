package alerts

import (
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// SOFAInput is one of the channels that SOFA reads.
type SOFAInput uint8

// Inputs of SOFA, in the order of its components.
const (
	SOFARatio SOFAInput = iota // PaO2 over FiO2
	SOFAVentilated
	SOFAPlatelets
	SOFABilirubin
	SOFAMeanArterial
	SOFAMeanCuff
	SOFADopamine
	SOFADobutamine
	SOFAEpinephrine
	SOFANorepinephrine
	SOFAGlasgow
	SOFACreatinine
	SOFAUrine
	SOFAInputs // how many there are
)

// SOFAChannels are the channels behind the inputs, with their names and units.
var SOFAChannels = [SOFAInputs]schemas.ChannelInfo{
	SOFARatio:          input("pf_ratio"),
	SOFAVentilated:     input("ventilated"),
	SOFAPlatelets:      input("platelets"),
	SOFABilirubin:      input("bilirubin"),
	SOFAMeanArterial:   input("mean_arterial"),
	SOFAMeanCuff:       input("mean_cuff"),
	SOFADopamine:       input("dopamine"),
	SOFADobutamine:     input("dobutamine"),
	SOFAEpinephrine:    input("epinephrine"),
	SOFANorepinephrine: input("norepinephrine"),
	SOFAGlasgow:        input("gcs_total"),
	SOFACreatinine:     input("creatinine"),
	SOFAUrine:          input("urine_output"),
}

// SOFAComponent is one of the six organ systems.
type SOFAComponent uint8

// Components of SOFA, in the order of the table.
const (
	SOFARespiration SOFAComponent = iota
	SOFACoagulation
	SOFALiver
	SOFACardiovascular
	SOFANervous
	SOFARenal
	SOFAComponents // how many there are
)

// SOFANames are the names of the components.
var SOFANames = [SOFAComponents]string{"respiration", "coagulation", "liver", "cardiovascular", "central_nervous_system", "renal"}

// How far back SOFA looks, and how long after it was charted a ventilator counts as on.
const (
	SOFAReach    = 24 * schemas.Hour
	supportReach = 6 * schemas.Hour
	leastDrug    = schemas.Hour // how long an adrenergic agent runs before it counts
)

// SOFASeries are the observations in force of each input, by event time, none after the
// moment of the score. What was measured before the last 24 h says only what was going on when
// they began: a pump that runs, a ventilator that is on.
type SOFASeries [SOFAInputs][]window.Point

// SOFAScore is the Sequential Organ Failure Assessment of one moment.
type SOFAScore struct {
	Value int // 0 to 24; a component of which nothing is known counts 0
	// Points are those of the components, NotKnown where nothing was measured in 24 h.
	Points [SOFAComponents]int8
}

// Missing are the components of which nothing is known.
func (s *SOFAScore) Missing() (names []string) {
	for c, points := range s.Points {
		if points == NotKnown {
			names = append(names, SOFANames[c])
		}
	}
	return names
}

// SOFA is the score of the worst values of the 24 h before asOf, in a stay that began at admitted.
// The source of every threshold in this file is Table 3 of: Vincent JL et al.,
// "The SOFA (Sepsis-related Organ Failure Assessment) score to describe organ
// dysfunction/failure", Intensive Care Medicine 1996;22:707-710.
//
// Values outside the range in which models read a channel are artefacts and do not count. The
// day's urine counts once the stay has lasted a whole day.
func SOFA(r *SOFASeries, asOf, admitted schemas.Time) (s SOFAScore) {
	v := sofaView{r, asOf.Floor16(), (asOf - SOFAReach).Floor16()}
	s.Points = [SOFAComponents]int8{
		SOFARespiration:    v.respiration(),
		SOFACoagulation:    v.worst(SOFAPlatelets, plateletPoints),
		SOFALiver:          v.worst(SOFABilirubin, bilirubinPoints),
		SOFACardiovascular: v.cardiovascular(),
		SOFANervous:        v.worst(SOFAGlasgow, glasgowPoints),
		SOFARenal:          v.worst(SOFACreatinine, creatininePoints),
	}
	if asOf-admitted >= SOFAReach {
		s.Points[SOFARenal] = max(s.Points[SOFARenal], v.urine())
	}
	for _, points := range s.Points {
		s.Value += int(max(points, 0))
	}
	return s
}

// sofaView is what SOFA sees as of a moment: what was measured after edge.
type sofaView struct {
	series     *SOFASeries
	asOf, edge schemas.Time
}

// within calls visit with each value of the last 24 h that is no artefact.
func (v *sofaView) within(i SOFAInput, visit func(*window.Point)) {
	for k := range v.series[i] {
		if p := &v.series[i][k]; p.EventTime > v.edge && p.EventTime <= v.asOf && SOFAChannels[i].Models.Has(p.Value) {
			visit(p)
		}
	}
}

// worst are the most points of the last 24 h.
func (v *sofaView) worst(i SOFAInput, points func(float32) int8) int8 {
	most := int8(NotKnown)
	v.within(i, func(p *window.Point) { most = max(most, points(p.Value)) })
	return most
}

// respiration is the row "PaO2/FiO2, mmHg": its last two columns are for those with respiratory
// support.
func (v *sofaView) respiration() int8 {
	most := int8(NotKnown)
	v.within(SOFARatio, func(p *window.Point) { most = max(most, ratioPoints(p.Value, v.supported(p.EventTime))) })
	return most
}

// supported says whether a ventilator was on at a time, by the last that was charted of it.
func (v *sofaView) supported(at schemas.Time) (on bool) {
	for _, p := range v.series[SOFAVentilated] {
		if p.EventTime <= at {
			on = p.Value > 0 && p.EventTime > at-supportReach
		}
	}
	return on
}

func ratioPoints(ratio float32, supported bool) int8 {
	switch {
	case ratio < 100 && supported:
		return 4
	case ratio < 200 && supported:
		return 3
	case ratio < 300:
		return 2
	case ratio < 400:
		return 1
	}
	return 0
}

// plateletPoints is the row "Platelets x 10³/mm³".
func plateletPoints(v float32) int8 {
	switch {
	case v < 20:
		return 4
	case v < 50:
		return 3
	case v < 100:
		return 2
	case v < 150:
		return 1
	}
	return 0
}

// bilirubinPoints is the row "Bilirubin, mg/dL". The table leaves 12.0 out, which counts as more.
func bilirubinPoints(v float32) int8 {
	switch {
	case v >= 12:
		return 4
	case v >= 6:
		return 3
	case v >= 2:
		return 2
	case v >= 1.2:
		return 1
	}
	return 0
}

// cardiovascular is the row "Hypotension": a mean pressure, or what holds it up.
func (v *sofaView) cardiovascular() int8 {
	low := func(pressure float32) int8 {
		if pressure < 70 {
			return 1
		}
		return 0
	}
	most := max(v.worst(SOFAMeanArterial, low), v.worst(SOFAMeanCuff, low))
	for _, drug := range []struct {
		input  SOFAInput
		points func(rate float32) int8
	}{{SOFADopamine, dopaminePoints}, {SOFADobutamine, dobutaminePoints}, {SOFAEpinephrine, adrenalinePoints}, {SOFANorepinephrine, adrenalinePoints}} {
		if rate := v.sustained(drug.input); rate > 0 {
			most = max(most, drug.points(rate))
		}
	}
	return most
}

func dopaminePoints(rate float32) int8 {
	switch {
	case rate > 15:
		return 4
	case rate > 5:
		return 3
	}
	return 2
}

func dobutaminePoints(float32) int8 { return 2 }

func adrenalinePoints(rate float32) int8 {
	if rate > 0.1 {
		return 4
	}
	return 3
}

// sustained is the highest rate that a drug kept for an hour within the last 24 h; a rate holds
// until the next is told.
func (v *sofaView) sustained(i SOFAInput) (highest float32) {
	series := v.series[i]
	end := func(k int) schemas.Time {
		if k+1 < len(series) {
			return min(series[k+1].EventTime, v.asOf)
		}
		return v.asOf
	}
	for k := range series {
		least := series[k].Value
		begin := max(series[k].EventTime, v.edge)
		for j := k; j < len(series) && series[j].Value > highest; j++ {
			least = min(least, series[j].Value)
			if end(j)-begin >= leastDrug {
				highest = max(highest, least)
				break
			}
		}
	}
	return highest
}

// glasgowPoints is the row "Glasgow Coma Score".
func glasgowPoints(v float32) int8 {
	switch {
	case v < 6:
		return 4
	case v < 10:
		return 3
	case v < 13:
		return 2
	case v < 15:
		return 1
	}
	return 0
}

// creatininePoints is the row "Creatinine, mg/dL". The table leaves 5.0 out, which counts as more.
func creatininePoints(v float32) int8 {
	switch {
	case v >= 5:
		return 4
	case v >= 3.5:
		return 3
	case v >= 2:
		return 2
	case v >= 1.2:
		return 1
	}
	return 0
}

// urine is the row "or urine output", of the last 24 h; NotKnown where none was charted.
func (v *sofaView) urine() int8 {
	volume, charted := 0.0, false
	v.within(SOFAUrine, func(p *window.Point) { volume, charted = volume+float64(p.Value), true })
	switch {
	case !charted:
		return NotKnown
	case volume < 200:
		return 4
	case volume < 500:
		return 3
	}
	return 0
}
