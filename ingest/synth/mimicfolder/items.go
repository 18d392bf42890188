package mimicfolder

import (
	"fmt"
	"math"
	"strconv"
)

// item is how a bedside system or the laboratory writes a channel down.
type item struct {
	id    int
	label string
	unit  string
	write func(v float64) (text, number string) // what stands in VALUE and VALUENUM for a value in the channel's unit
}

// charted says in which table a channel stands, by its item in each bedside system.
// The laboratory has one item for both.
type charted struct {
	channel             string
	table               kind
	metavision, carevue item
}

// itemIn is the item of a patient who is charted in CareVue, or in MetaVision.
func (c *charted) itemIn(carevue bool) *item {
	if carevue && c.table != labEvents {
		return &c.carevue
	}
	return &c.metavision
}

// channels are all channels that can be written. Item ids are the format's; labels are this
// package's own words and not those of the dictionaries. inputsMV stands for a drug by its
// rate, in the inputs of either system.
var channels = []charted{
	{"heart_rate", chartEvents, item{220045, "Heart rate", "bpm", decimals(0)}, item{211, "Heart rate", "BPM", decimals(0)}},
	{"respiratory_rate", chartEvents, item{220210, "Breaths a minute", "insp/min", decimals(0)}, item{618, "Breaths a minute", "BPM", decimals(0)}},
	{"spo2", chartEvents, item{220277, "Saturation by pulse oximeter", "%", decimals(0)}, item{646, "Saturation by pulse oximeter", "%", decimals(0)}},
	{"systolic_arterial", chartEvents, item{220050, "Arterial line, systolic", "mmHg", decimals(0)}, item{51, "Arterial line, systolic", "mmHg", decimals(0)}},
	{"diastolic_arterial", chartEvents, item{220051, "Arterial line, diastolic", "mmHg", decimals(0)}, item{8368, "Arterial line, diastolic", "mmHg", decimals(0)}},
	{"mean_arterial", chartEvents, item{220052, "Arterial line, mean", "mmHg", decimals(0)}, item{52, "Arterial line, mean", "mmHg", decimals(0)}},
	{"systolic_cuff", chartEvents, item{220179, "Cuff, systolic", "mmHg", decimals(0)}, item{455, "Cuff, systolic", "mmHg", decimals(0)}},
	{"diastolic_cuff", chartEvents, item{220180, "Cuff, diastolic", "mmHg", decimals(0)}, item{8441, "Cuff, diastolic", "mmHg", decimals(0)}},
	{"temperature", chartEvents, item{fahrenheitItem, "Temperature in Fahrenheit", "", fahrenheit}, item{676, "Temperature in Celsius", "Deg. C", decimals(1)}},
	{"gcs_eye", chartEvents, item{220739, "Coma scale, eyes", "", words("None", "To Pain", "To Speech", "Spontaneously")},
		item{184, "Coma scale, eyes", "", words("1 No Response", "2 To pain", "3 To speech", "4 Spontaneously")}},
	{"gcs_verbal", chartEvents, item{223900, "Coma scale, speech", "", words("No Response", "Incomprehensible sounds", "Inappropriate Words", "Confused", "Oriented")},
		item{723, "Coma scale, speech", "", words("1 No Response", "2 Incomp sounds", "3 Inapprop words", "4 Confused", "5 Oriented")}},
	{"gcs_motor", chartEvents, item{223901, "Coma scale, movement", "", words("No response", "Abnormal extension", "Abnormal Flexion", "Flex-withdraws", "Localizes Pain", "Obeys Commands")},
		item{454, "Coma scale, movement", "", words("1 No Response", "2 Abnorm extensn", "3 Abnorm flexion", "4 Flex-withdraws", "5 Localizes Pain", "6 Obeys Commands")}},
	{"fio2", chartEvents, item{223835, "Oxygen breathed in", "", percent}, item{190, "Oxygen breathed in", "torr", decimals(2)}},
	{"weight", chartEvents, item{226512, "Weight at admission", "kg", decimals(0)}, item{763, "Weight of the day", "kg", decimals(0)}},
	{"height", chartEvents, item{226730, "Height", "cm", decimals(0)}, item{1394, "Height", "in", inches}},
	{"urine_output", outputEvents, item{226559, "Urine by catheter", "mL", decimals(0)}, item{40055, "Urine by catheter", "ml", decimals(0)}},
	{"norepinephrine", inputsMV, item{221906, "Noradrenaline", "mcg/kg/min", decimals(2)}, item{30120, "Noradrenaline by weight", "mcgkgmin", decimals(2)}},
	{"lactate", labEvents, item{50813, "Lactate", "mmol/L", decimals(1)}, item{}},
	{"creatinine", labEvents, item{50912, "Creatinine", "mg/dL", decimals(1)}, item{}},
	{"wbc", labEvents, item{51301, "White cells", "K/uL", decimals(1)}, item{}},
	{"hemoglobin", labEvents, item{51222, "Haemoglobin", "g/dL", decimals(1)}, item{}},
	{"platelets", labEvents, item{51265, "Platelets", "K/uL", decimals(0)}, item{}},
	{"potassium", labEvents, item{50971, "Potassium", "mEq/L", decimals(1)}, item{}},
	{"sodium", labEvents, item{50983, "Sodium", "mEq/L", decimals(0)}, item{}},
	{"bicarbonate", labEvents, item{50882, "Bicarbonate", "mEq/L", decimals(0)}, item{}},
	{"urea_nitrogen", labEvents, item{51006, "Urea nitrogen", "mg/dL", decimals(0)}, item{}},
	{"glucose", labEvents, item{50931, "Glucose", "mg/dL", decimals(0)}, item{}},
	{"ph", labEvents, item{50820, "pH", "units", decimals(2)}, item{}},
	{"paco2", labEvents, item{50818, "Carbon dioxide pressure", "mm Hg", decimals(0)}, item{}},
	{"pao2", labEvents, item{50821, "Oxygen pressure", "mm Hg", decimals(0)}, item{}},
}

// fahrenheitItem is MetaVision's temperature. Its unit is the layout's, as the editions write it
// differently.
const fahrenheitItem = 223761

// Items beside the channels: a laboratory value that the chart repeats, and an alarm
// limit, which the channel table does not know.
var (
	lactateInChart = charted{"lactate", chartEvents, item{225668, "Lactate, from the laboratory", "mmol/L", decimals(1)}, item{1531, "Lactate, from the laboratory", "mmol/L", decimals(1)}}
	alarmLimit     = charted{"", chartEvents, item{220046, "Upper alarm limit of the heart rate", "bpm", decimals(0)}, item{3311, "Lower alarm limit of the pressure", "", decimals(0)}}
)

// channelNamed finds a channel by its name, nil where it cannot be written.
func channelNamed(name string) *charted {
	for i := range channels {
		if channels[i].channel == name {
			return &channels[i]
		}
	}
	return nil
}

// decimals writes a value as a number with n decimals, the same in both columns.
func decimals(n int) func(float64) (string, string) {
	return func(v float64) (string, string) {
		s := strconv.FormatFloat(v, 'f', n, 64)
		return s, s
	}
}

// words writes a score of a coma scale as the word for it, with the score as its number.
func words(texts ...string) func(float64) (string, string) {
	return func(v float64) (string, string) {
		score := max(1, min(len(texts), int(v)))
		return texts[score-1], strconv.Itoa(score)
	}
}

// The conversions round explicitly, so that no machine fuses them into another number.

// fahrenheit writes degrees Celsius in degrees Fahrenheit.
func fahrenheit(celsius float64) (string, string) {
	return decimals(1)(float64(celsius*9/5) + 32)
}

// percent writes a fraction in per cent.
func percent(fraction float64) (string, string) {
	return decimals(0)(math.Round(fraction * 100))
}

// inches writes centimetres in inches.
func inches(centimetres float64) (string, string) { return decimals(1)(centimetres / 2.54) }

// dictionaries writes D_ITEMS and D_LABITEMS, with the items of the systems that the layout has.
func (f *folder) dictionaries() {
	links := map[kind][2]string{chartEvents: {"chartevents", "chartevents"}, outputEvents: {"outputevents", "outputevents"}, inputsMV: {"inputevents_mv", "inputevents_cv"}}
	for _, c := range append(channels[:len(channels):len(channels)], lactateInChart, alarmLimit) {
		if c.table == labEvents {
			category := "Chemistry"
			switch c.channel {
			case "ph", "paco2", "pao2", "lactate":
				category = "Blood Gas"
			case "wbc", "hemoglobin", "platelets":
				category = "Hematology"
			}
			f.add(labItems, row{"itemid": fmt.Sprint(c.metavision.id), "label": c.metavision.label, "fluid": "Blood", "category": category})
			continue
		}
		systems := []*item{&c.metavision}
		if f.layout.carevue {
			systems = append(systems, &c.carevue)
		}
		for i, it := range systems {
			link := links[c.table][i]
			if !f.layout.carevue && c.table == inputsMV {
				link = "inputevents"
			}
			f.add(chartItems, row{"itemid": fmt.Sprint(it.id), "label": it.label, "abbreviation": it.label,
				"dbsource": [...]string{"metavision", "carevue"}[i], "linksto": link, "unitname": it.unit, "param_type": "Numeric"})
		}
	}
}
