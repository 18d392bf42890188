package schemas

import "slices"

// This file is the channel table. A line's index is the channel's number, so lines are only
// added, and only at the end of addedChannels. Plausible ranges are wide: they refuse what
// cannot be, not what is rare. MIMIC-III items and ranges follow the public map of the
// 17-variable benchmark (see NOTICE.md) and were extended here.
//
// How a value is read that does not fit its line stands in the section "Values" of doc.go.
// The range for models is within the plausible one; the rest of Vigil, NEWS2 too, reads what
// is plausible.
//
// The functions below make the lists that a line is composed of.

// items lists items of one MIMIC table that imply one unit.
func items(table, unit string, ids ...int) []Item3 {
	out := make([]Item3, len(ids))
	for i, id := range ids {
		out[i] = Item3{ID: id, Table: table, Unit: unit}
	}
	return out
}

func chart(unit string, ids ...int) []Item3 { return items("CHARTEVENTS", unit, ids...) }
func lab(unit string, ids ...int) []Item3   { return items("LABEVENTS", unit, ids...) }
func in(unit string, ids ...int) []Item3    { return items("INPUTEVENTS", unit, ids...) }
func out(unit string, ids ...int) []Item3   { return items("OUTPUTEVENTS", unit, ids...) }

func both(lists ...[]Item3) []Item3 { return slices.Concat(lists...) }

// same lists other names of the canonical unit that sources use.
func same(units ...string) []Conversion {
	out := make([]Conversion, len(units))
	for i, u := range units {
		out[i] = Conversion{Unit: u, Scale: 1}
	}
	return out
}

func with(base []Conversion, more ...Conversion) []Conversion { return slices.Concat(base, more) }

// named lists names of another system that imply the channel's own unit.
func named(names ...string) []Code {
	out := make([]Code, len(names))
	for i, name := range names {
		out[i] = Code{Name: name}
	}
	return out
}

var (
	perMinute = same("bpm", "rpm", "/min", "1/min", "beats/min", "insp/min", "breaths/min", "min-1", "{beats}/min", "{breaths}/min", "{Beats}/min", "MDC_DIM_BEAT_PER_MIN", "MDC_DIM_RESP_PER_MIN", "MDC_DIM_PER_MIN")
	pressure  = with(same("mmHg", "mm Hg", "mm[Hg]", "Torr", "MDC_DIM_MMHG"), Conversion{"kPa", 7.50063755, 0}, Conversion{"MDC_DIM_KILO_PASCAL", 7.50063755, 0}, Conversion{"hPa", 0.750063755, 0},
		Conversion{"mbar", 0.750063755, 0}, Conversion{"cmH2O", 0.735559, 0}, Conversion{"cm[H2O]", 0.735559, 0})
	water   = with(same("cmH2O", "cm H2O", "cm[H2O]"), Conversion{"mmHg", 1.35951, 0}, Conversion{"mm[Hg]", 1.35951, 0}, Conversion{"mbar", 1.01972, 0}, Conversion{"hPa", 1.01972, 0})
	celsius = with(same("Cel", "C", "°C", "?C", "Deg. C", "degC", "MDC_DIM_DEGC"),
		Conversion{"degF", 5.0 / 9, -160.0 / 9}, Conversion{"[degF]", 5.0 / 9, -160.0 / 9}, Conversion{"F", 5.0 / 9, -160.0 / 9},
		Conversion{"°F", 5.0 / 9, -160.0 / 9}, Conversion{"?F", 5.0 / 9, -160.0 / 9}, Conversion{"Deg. F", 5.0 / 9, -160.0 / 9},
		Conversion{"MDC_DIM_FAHR", 5.0 / 9, -160.0 / 9}, Conversion{"K", 1, -273.15})
	// From 25 °C to 47 °C in the other unit, which leaves no value that both can be.
	temperatureSlips = []Slip{{"degF", 77, 116.6}, {"Cel", 25, 47}}
	percent          = with(same("%", "percent", "MDC_DIM_PERCENT"), Conversion{"1", 100, 0}, Conversion{"L/L", 100, 0})
	mmol             = same("mmol/L", "mEq/L", "meq/l", "mmol/l")
	enzyme           = same("U/L", "IU/L", "units/L")
	cells            = same("10*3/uL", "K/uL", "10^3/uL", "10*9/L", "10^9/L", "x10^9/L", "K/mcL")
	millilitre       = with(same("mL", "ml", "cc", "ml/B"), Conversion{"L", 1000, 0})
	seconds          = same("s", "sec", "seconds")
	grams            = with(same("g/dL", "gm/dl"), Conversion{"g/L", 0.1, 0})
	weightRate       = same("ug/kg/min", "mcg/kg/min", "mcgkgmin", "µg/kg/min")
	glucoseU         = with(same("mg/dL"), Conversion{"mmol/L", 18.0156, 0})
)

// mgdl are the units of a substance that is kept in mg/dL and often told per mole; molar is
// the mg/dL of one umol/L.
func mgdl(molar float64) []Conversion {
	return with(same("mg/dL"), Conversion{"umol/L", molar, 0}, Conversion{"µmol/L", molar, 0})
}

// channels is the table: the index of a line is the channel's number.
var channels = slices.Concat(baseChannels, addedChannels)

var baseChannels = []ChannelInfo{
	{}, // 0: no channel

	// What NEWS2 needs.
	{Name: "heart_rate", Group: "vital", LOINC: "8867-4", Unit: "/min", High: 390, Models: Range{10, 300}, Zero: ZeroSuspect, Conversions: perMinute, MIMIC3: chart("bpm", 211, 220045), EICU: named("heartrate", "Heart Rate"), PhysioNet: "HR"},
	{Name: "respiratory_rate", Group: "vital", LOINC: "9279-1", Unit: "/min", High: 330, Models: Range{1, 80}, Zero: ZeroSuspect, Conversions: perMinute, MIMIC3: chart("bpm", 618, 220210, 3603, 615, 224690), EICU: named("respiration", "Respiratory Rate", "Total RR", "Resp Rate Total"), PhysioNet: "RespRate"},
	{Name: "spo2", Group: "vital", LOINC: "59408-5", Unit: "%", High: 100, Fraction: true, Zero: ZeroRefused, Conversions: percent, MIMIC3: chart("%", 646, 220277), EICU: named("sao2", "O2 Saturation")},
	{Name: "fio2", Group: "ventilator", LOINC: "3150-0", Unit: "1", Low: 0.2, High: 1, Models: Range{0.2, 1}, Decimals: 2, Fraction: true, Texts: roomAirFraction, Conversions: same("%", "torr", "fraction", "decFrc", "L/L", "MDC_DIM_PERCENT", "MDC_DIM_DIMLESS"), MIMIC3: both(chart("%", 3420, 223835, 190, 3422, 189, 727, 191), lab("%", 50816)), EICU: named("FiO2", "FIO2 (%)"), PhysioNet: "FiO2"},
	{Name: "oxygen_flow", Group: "ventilator", LOINC: "3151-8", Unit: "L/min", High: 100, Decimals: 1, Devices: DevicesSum, Texts: noFlow, Conversions: same("lpm", "l/min", "MDC_DIM_X_L_PER_MIN", "MDC_DIM_L_PER_MIN"), MIMIC3: chart("lpm", 470, 471, 223834, 227287), EICU: named("LPM O2", "Oxygen Flow Rate")},
	{Name: "ventilated", Group: "ventilator", Unit: "1", High: 1, Models: Range{0, 1}, Devices: DevicesAny, Conversions: same("{0,1}"), Texts: ventilatorModes, MIMIC3: chart("1", 720, 223849), PhysioNet: "MechVent"},
	{Name: "systolic_arterial", Group: "vital", LOINC: "76215-3", Unit: "mm[Hg]", High: 375, Models: Range{20, 300}, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 51, 220050, 225309, 6701), EICU: named("systemicsystolic", "Invasive BP Systolic"), PhysioNet: "SysABP"},
	{Name: "diastolic_arterial", Group: "vital", LOINC: "76213-8", Unit: "mm[Hg]", High: 375, Models: Range{5, 200}, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 8368, 220051, 225310, 8555), EICU: named("systemicdiastolic", "Invasive BP Diastolic"), PhysioNet: "DiasABP"},
	{Name: "mean_arterial", Group: "vital", LOINC: "76214-6", Unit: "mm[Hg]", High: 375, Models: Range{10, 250}, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 52, 220052, 225312, 6702, 224, 224322), EICU: named("systemicmean", "Invasive BP Mean", "Arterial Line MAP (mmHg)"), PhysioNet: "MAP"},
	{Name: "systolic_cuff", Group: "vital", LOINC: "76534-7", Unit: "mm[Hg]", High: 375, Models: Range{20, 300}, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 455, 220179, 3313, 3315, 442, 3317, 3323, 3321, 224167, 227243), EICU: named("noninvasivesystolic", "Non-Invasive BP Systolic"), PhysioNet: "NISysABP"},
	{Name: "diastolic_cuff", Group: "vital", LOINC: "76535-4", Unit: "mm[Hg]", High: 375, Models: Range{5, 200}, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 8441, 220180, 8502, 8440, 8503, 8504, 8507, 8506, 224643, 227242), EICU: named("noninvasivediastolic", "Non-Invasive BP Diastolic"), PhysioNet: "NIDiasABP"},
	{Name: "mean_cuff", Group: "vital", LOINC: "76536-2", Unit: "mm[Hg]", High: 375, Models: Range{10, 250}, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 456, 220181, 3312, 3314, 3316, 3322, 3320), EICU: named("noninvasivemean", "Non-Invasive BP Mean"), PhysioNet: "NIMAP"},
	{Name: "temperature", Group: "vital", LOINC: "8310-5", Unit: "Cel", Low: 14.2, High: 47, Models: Range{25, 44}, Decimals: 1, Zero: ZeroRefused, Slips: temperatureSlips, Conversions: celsius, MIMIC3: both(chart("Cel", 677, 676, 223762, 3655), chart("degF", 678, 679, 223761, 3654)), EICU: slices.Concat(named("temperature", "Temperature (C)"), []Code{{"Temperature (F)", "degF"}}), PhysioNet: "Temp"},
	{Name: "gcs_total", Group: "neuro", LOINC: "9269-2", Unit: "{score}", Low: 3, High: 15, Models: Range{3, 15}, Conversions: same("points", "1"), MIMIC3: chart("points", 198), EICU: named("GCS Total"), PhysioNet: "GCS"},
	{Name: "gcs_eye", Group: "neuro", LOINC: "9267-6", Unit: "{score}", Low: 1, High: 4, Conversions: same("points", "1"), Texts: eyeTexts, MIMIC3: chart("points", 184, 220739), EICU: named("Eyes")},
	{Name: "gcs_verbal", Group: "neuro", LOINC: "9270-0", Unit: "{score}", Low: 1, High: 5, Conversions: same("points", "1"), Texts: verbalTexts, MIMIC3: chart("points", 723, 223900), EICU: named("Verbal")},
	{Name: "gcs_motor", Group: "neuro", LOINC: "9268-4", Unit: "{score}", Low: 1, High: 6, Conversions: same("points", "1"), Texts: motorTexts, MIMIC3: chart("points", 454, 223901), EICU: named("Motor")},
	{Name: "avpu", Group: "neuro", LOINC: "67775-7", Unit: "{score}", High: 3, Conversions: same("1"), Texts: avpuTexts},

	// Other bedside values.
	{Name: "arterial_saturation", Group: "vital", LOINC: "20564-1", Unit: "%", High: 100, Models: Range{40, 100}, Fraction: true, Zero: ZeroRefused, Conversions: percent, MIMIC3: both(chart("%", 834, 8498, 220227), lab("%", 50817)), EICU: named("O2 Sat (%)"), PhysioNet: "SaO2"},
	{Name: "capillary_refill", Group: "vital", Unit: "1", High: 1, Texts: refillTexts, MIMIC3: chart("1", 3348, 115, 8377, 223951, 224308)},
	{Name: "central_venous_pressure", Group: "vital", LOINC: "60985-9", Unit: "mm[Hg]", Low: -20, High: 100, Conversions: pressure, MIMIC3: chart("mmHg", 113, 220074), EICU: named("cvp", "CVP", "CVP (mmHg)")},
	{Name: "intracranial_pressure", Group: "vital", LOINC: "60956-0", Unit: "mm[Hg]", Low: -20, High: 150, Conversions: pressure, MIMIC3: chart("mmHg", 226, 220765), EICU: named("icp", "ICP")},
	{Name: "end_tidal_co2", Group: "ventilator", LOINC: "19891-1", Unit: "mm[Hg]", High: 200, Zero: ZeroSuspect, Conversions: pressure, MIMIC3: chart("mmHg", 1817, 228640), EICU: named("etco2", "ETCO2")},
	{Name: "cardiac_index", Group: "vital", LOINC: "8751-0", Unit: "L/min/m2", High: 15, Decimals: 1, Zero: ZeroRefused, Conversions: same("l/min/m2", "..."), MIMIC3: chart("L/min/m2", 116, 228368), EICU: named("cardiacinput")},
	{Name: "mixed_venous_saturation", Group: "vital", LOINC: "19224-5", Unit: "%", High: 100, Fraction: true, Zero: ZeroRefused, Conversions: percent, MIMIC3: chart("%", 664, 1624, 223772), EICU: named("SVO2")},
	{Name: "weight", Group: "support", LOINC: "29463-7", Unit: "kg", Low: 0.3, High: 400, Models: Range{20, 300}, Decimals: 1, Conversions: with(same("kg"), Conversion{"lb", 0.45359237, 0}, Conversion{"lbs", 0.45359237, 0}, Conversion{"Lbs.", 0.45359237, 0}, Conversion{"[lb_av]", 0.45359237, 0}, Conversion{"oz", 0.028349523, 0}, Conversion{"g", 0.001, 0}), MIMIC3: both(chart("kg", 763, 224639, 226512, 3580, 3693), chart("lb", 3581, 226531), chart("oz", 3582)), EICU: slices.Concat(named("weight", "Bodyweight (kg)"), []Code{{"Bodyweight (lb)", "lb"}}), PhysioNet: "Weight"},
	{Name: "height", Group: "support", LOINC: "8302-2", Unit: "cm", Low: 20, High: 275, Conversions: with(same("cm"), Conversion{"in", 2.54, 0}, Conversion{"inch", 2.54, 0}, Conversion{"[in_i]", 2.54, 0}, Conversion{"m", 100, 0}), MIMIC3: both(chart("in", 226707, 1394), chart("cm", 226730)), EICU: named("height"), PhysioNet: "Height"},

	// Laboratory.
	{Name: "ph", Group: "lab", LOINC: "2744-1", Unit: "[pH]", Low: 6.3, High: 8.4, Models: Range{6.5, 8}, Decimals: 2, Conversions: same("units", "pH"), MIMIC3: both(lab("units", 50820), chart("units", 780, 1126, 223830, 4753, 4202, 860, 220274, 3839, 1673)), EICU: named("pH"), PhysioNet: "pH"},
	{Name: "paco2", Group: "lab", LOINC: "2019-8", Unit: "mm[Hg]", High: 220, Transform: Log, Models: Range{5, 200}, Conversions: pressure, MIMIC3: both(lab("mmHg", 50818), chart("mmHg", 778, 220235)), EICU: named("paCO2"), PhysioNet: "PaCO2"},
	{Name: "pao2", Group: "lab", LOINC: "2703-7", Unit: "mm[Hg]", High: 770, Transform: Log, Models: Range{15, 700}, Conversions: pressure, MIMIC3: both(lab("mmHg", 50821), chart("mmHg", 779, 220224)), EICU: named("paO2"), PhysioNet: "PaO2"},
	{Name: "base_excess", Group: "lab", LOINC: "11555-0", Unit: "mmol/L", Low: -50, High: 50, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50802), chart("mmol/L", 776, 224828)), EICU: named("Base Excess")},
	{Name: "lactate", Group: "lab", LOINC: "2524-7", Unit: "mmol/L", High: 40, Transform: Log, Models: Range{0.2, 35}, Decimals: 1, Conversions: with(same("mmol/L", "mEq/L"), Conversion{"mg/dL", 0.111, 0}), MIMIC3: both(lab("mmol/L", 50813), chart("mmol/L", 818, 1531, 225668)), EICU: named("lactate"), PhysioNet: "Lactate"},
	{Name: "hematocrit", Group: "lab", LOINC: "4544-3", Unit: "%", High: 100, Models: Range{5, 70}, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51221, 50810), chart("%", 813, 220545, 226540)), EICU: named("Hct"), PhysioNet: "HCT"},
	{Name: "hemoglobin", Group: "lab", LOINC: "718-7", Unit: "g/dL", High: 30, Decimals: 1, Conversions: grams, MIMIC3: both(lab("g/dL", 51222, 50811), chart("g/dL", 814, 220228)), EICU: named("Hgb")},
	{Name: "platelets", Group: "lab", LOINC: "777-3", Unit: "10*3/uL", High: 3000, Transform: Log, Models: Range{3, 2500}, Conversions: cells, MIMIC3: both(lab("10*3/uL", 51265), chart("10*3/uL", 828, 227457)), EICU: named("platelets x 1000"), PhysioNet: "Platelets"},
	{Name: "wbc", Group: "lab", LOINC: "6690-2", Unit: "10*3/uL", High: 1100, Transform: Log, Models: Range{0.1, 250}, Decimals: 1, Conversions: cells, MIMIC3: both(lab("10*3/uL", 51301, 51300), chart("10*3/uL", 861, 1127, 1542, 220546)), EICU: named("WBC x 1000"), PhysioNet: "WBC"},
	{Name: "sodium", Group: "lab", LOINC: "2951-2", Unit: "mmol/L", Low: 50, High: 250, Models: Range{90, 190}, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50983, 50824), chart("mmol/L", 837, 1536, 220645, 226534)), EICU: named("sodium"), PhysioNet: "Na"},
	{Name: "potassium", Group: "lab", LOINC: "2823-3", Unit: "mmol/L", High: 15, Transform: Log, Models: Range{1, 15}, Decimals: 1, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50971, 50822), chart("mmol/L", 829, 1535, 227442, 227464)), EICU: named("potassium"), PhysioNet: "K"},
	{Name: "chloride", Group: "lab", LOINC: "2075-0", Unit: "mmol/L", Low: 40, High: 200, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50902, 50806), chart("mmol/L", 788, 1523, 220602, 226536)), EICU: named("chloride")},
	{Name: "bicarbonate", Group: "lab", LOINC: "1963-8", Unit: "mmol/L", High: 70, Models: Range{3, 60}, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50882), chart("mmol/L", 227443)), EICU: named("bicarbonate", "HCO3"), PhysioNet: "HCO3"},
	{Name: "anion_gap", Group: "lab", LOINC: "33037-3", Unit: "mmol/L", Low: -20, High: 80, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50868), chart("mmol/L", 227073)), EICU: named("anion gap")},
	{Name: "creatinine", Group: "lab", LOINC: "2160-0", Unit: "mg/dL", High: 66, Transform: Log, Models: Range{0.1, 30}, Decimals: 1, Conversions: mgdl(1 / 88.42), MIMIC3: both(lab("mg/dL", 50912), chart("mg/dL", 791, 1525, 220615)), EICU: named("creatinine"), PhysioNet: "Creatinine"},
	{Name: "urea_nitrogen", Group: "lab", LOINC: "3094-0", Unit: "mg/dL", High: 300, Transform: Log, Models: Range{1, 250}, Conversions: with(same("mg/dL"), Conversion{"mmol/L", 2.801, 0}), MIMIC3: both(lab("mg/dL", 51006), chart("mg/dL", 781, 1162, 225624)), EICU: named("BUN"), PhysioNet: "BUN"},
	{Name: "glucose", Group: "lab", LOINC: "2345-7", Unit: "mg/dL", High: 2200, Transform: Log, Models: Range{10, 1500}, Conversions: glucoseU, MIMIC3: both(lab("mg/dL", 50931, 50809), chart("mg/dL", 807, 811, 1529, 3745, 225664, 220621, 226537)), EICU: named("glucose", "bedside glucose"), PhysioNet: "Glucose"},
	{Name: "magnesium", Group: "lab", LOINC: "19123-9", Unit: "mg/dL", High: 22, Transform: Log, Models: Range{0.3, 12}, Decimals: 1, Conversions: with(same("mg/dL"), Conversion{"mmol/L", 2.43, 0}, Conversion{"mEq/L", 1.215, 0}), MIMIC3: both(lab("mg/dL", 50960), chart("mg/dL", 821, 1532, 220635)), EICU: named("magnesium"), PhysioNet: "Mg"},
	{Name: "calcium", Group: "lab", LOINC: "17861-6", Unit: "mg/dL", High: 30, Decimals: 1, Conversions: with(same("mg/dL"), Conversion{"mmol/L", 4.008, 0}, Conversion{"mEq/L", 2.004, 0}), MIMIC3: both(lab("mg/dL", 50893), chart("mg/dL", 786, 1522, 225625)), EICU: named("calcium")},
	{Name: "ionized_calcium", Group: "lab", LOINC: "1995-0", Unit: "mmol/L", High: 5, Decimals: 2, Conversions: with(same("mmol/L"), Conversion{"mEq/L", 0.5, 0}, Conversion{"mg/dL", 0.2495, 0}), MIMIC3: both(lab("mmol/L", 50808), chart("mmol/L", 816, 225667)), EICU: named("ionized calcium")},
	{Name: "phosphate", Group: "lab", LOINC: "2777-1", Unit: "mg/dL", High: 22, Decimals: 1, Conversions: with(same("mg/dL"), Conversion{"mmol/L", 3.097, 0}), MIMIC3: both(lab("mg/dL", 50970), chart("mg/dL", 827, 1534, 225677)), EICU: named("phosphate")},
	{Name: "bilirubin", Group: "lab", LOINC: "1975-2", Unit: "mg/dL", High: 80, Transform: Log, Models: Range{0.1, 80}, Decimals: 1, Conversions: mgdl(1 / 17.1), MIMIC3: both(lab("mg/dL", 50885), chart("mg/dL", 848, 1538, 225690)), EICU: named("total bilirubin"), PhysioNet: "Bilirubin"},
	{Name: "ast", Group: "lab", LOINC: "1920-8", Unit: "U/L", High: 30000, Transform: Log, Models: Range{3, 30000}, Conversions: enzyme, MIMIC3: both(lab("U/L", 50878), chart("U/L", 770, 220587)), EICU: named("AST (SGOT)"), PhysioNet: "AST"},
	{Name: "alt", Group: "lab", LOINC: "1742-6", Unit: "U/L", High: 20000, Transform: Log, Models: Range{2, 20000}, Conversions: enzyme, MIMIC3: both(lab("U/L", 50861), chart("U/L", 769, 220644)), EICU: named("ALT (SGPT)"), PhysioNet: "ALT"},
	{Name: "alkaline_phosphatase", Group: "lab", LOINC: "6768-6", Unit: "U/L", High: 5000, Transform: Log, Models: Range{5, 3000}, Conversions: enzyme, MIMIC3: both(lab("U/L", 50863), chart("U/L", 773, 225612)), EICU: named("alkaline phos."), PhysioNet: "ALP"},
	{Name: "albumin", Group: "lab", LOINC: "1751-7", Unit: "g/dL", High: 10, Models: Range{0.8, 6}, Decimals: 1, Conversions: grams, MIMIC3: both(lab("g/dL", 50862), chart("g/dL", 772, 1521, 227456)), EICU: named("albumin"), PhysioNet: "Albumin"},
	{Name: "troponin_t", Group: "lab", LOINC: "6598-7", Unit: "ng/mL", High: 40, Transform: Log, Models: Range{0.01, 40}, Decimals: 2, Conversions: with(same("ng/mL", "ug/L"), Conversion{"ng/L", 0.001, 0}, Conversion{"pg/mL", 0.001, 0}), MIMIC3: both(lab("ng/mL", 51003), chart("ng/mL", 227429)), EICU: named("troponin - T"), PhysioNet: "TroponinT"},
	{Name: "troponin_i", Group: "lab", LOINC: "10839-9", Unit: "ng/mL", High: 600, Transform: Log, Models: Range{0.1, 80}, Decimals: 2, Conversions: with(same("ng/mL", "ug/L"), Conversion{"ng/L", 0.001, 0}, Conversion{"pg/mL", 0.001, 0}), MIMIC3: lab("ng/mL", 51002), EICU: named("troponin - I"), PhysioNet: "TroponinI"},
	{Name: "cholesterol", Group: "lab", LOINC: "2093-3", Unit: "mg/dL", High: 660, Models: Range{20, 400}, Conversions: with(same("mg/dL"), Conversion{"mmol/L", 38.67, 0}), MIMIC3: both(lab("mg/dL", 50907), chart("mg/dL", 789, 1524, 220603)), EICU: named("total cholesterol"), PhysioNet: "Cholesterol"},
	{Name: "inr", Group: "lab", LOINC: "6301-6", Unit: "1", High: 50, Decimals: 1, Conversions: same("{INR}"), MIMIC3: both(lab("1", 51237), chart("1", 815, 1530, 227467)), EICU: named("PT - INR")},
	{Name: "ptt", Group: "lab", LOINC: "3173-2", Unit: "s", High: 300, Decimals: 1, Conversions: seconds, MIMIC3: both(lab("s", 51275), chart("s", 825, 1533, 227466)), EICU: named("PTT")},
	{Name: "prothrombin_time", Group: "lab", LOINC: "5902-2", Unit: "s", High: 300, Decimals: 1, Conversions: seconds, MIMIC3: both(lab("s", 51274), chart("s", 824, 1286, 227465)), EICU: named("PT")},
	{Name: "lactate_dehydrogenase", Group: "lab", LOINC: "2532-0", Unit: "U/L", High: 40000, Conversions: enzyme, MIMIC3: both(lab("U/L", 50954), chart("U/L", 817, 220632)), EICU: named("LDH")},
	{Name: "creatine_kinase", Group: "lab", LOINC: "2157-6", Unit: "U/L", High: 500000, Conversions: enzyme, MIMIC3: both(lab("U/L", 50910), chart("U/L", 784, 225634)), EICU: named("CPK")},
	{Name: "neutrophils", Group: "lab", LOINC: "770-8", Unit: "%", High: 100, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51256), chart("%", 225643)), EICU: named("-polys")},
	{Name: "lymphocytes", Group: "lab", LOINC: "736-9", Unit: "%", High: 100, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51244), chart("%", 225641)), EICU: named("-lymphs")},
	{Name: "mch", Group: "lab", LOINC: "785-6", Unit: "pg", High: 80, Decimals: 1, MIMIC3: lab("pg", 51248), EICU: named("MCH")},
	{Name: "mchc", Group: "lab", LOINC: "786-4", Unit: "g/dL", High: 60, Decimals: 1, Conversions: with(grams, Conversion{"%", 1, 0}), MIMIC3: lab("g/dL", 51249), EICU: named("MCHC")},
	{Name: "mcv", Group: "lab", LOINC: "787-2", Unit: "fL", High: 200, Conversions: same("fl"), MIMIC3: lab("fL", 51250), EICU: named("MCV")},
	{Name: "rbc", Group: "lab", LOINC: "789-8", Unit: "10*6/uL", High: 20, Decimals: 2, Conversions: same("m/uL", "10^6/uL", "M/mcL", "/mic l", "10*12/L", "10^12/L"), MIMIC3: both(lab("10*6/uL", 51279), chart("10*6/uL", 833)), EICU: named("RBC")},
	{Name: "rdw", Group: "lab", LOINC: "788-0", Unit: "%", High: 60, Decimals: 1, Conversions: percent, MIMIC3: lab("%", 51277), EICU: named("RDW")},
	{Name: "vancomycin", Group: "lab", LOINC: "20578-1", Unit: "ug/mL", High: 200, Decimals: 1, Conversions: same("mcg/mL", "mg/L"), MIMIC3: both(lab("ug/mL", 51009), chart("ug/mL", 227455, 225697)), EICU: named("Vancomycin - trough")},

	// Ventilator settings.
	{Name: "peep", Group: "ventilator", LOINC: "20077-4", Unit: "cm[H2O]", High: 60, Conversions: water, MIMIC3: chart("cmH2O", 506, 220339, 505), EICU: named("PEEP", "PEEP/CPAP")},
	{Name: "tidal_volume_set", Group: "ventilator", LOINC: "20112-9", Unit: "mL", High: 3000, Conversions: millilitre, MIMIC3: chart("mL", 683, 224684), EICU: named("Tidal Volume (set)", "Set Vt (Servo,LTV)")},
	{Name: "tidal_volume", Group: "ventilator", LOINC: "76222-9", Unit: "mL", High: 5000, Conversions: millilitre, MIMIC3: chart("mL", 682, 224685), EICU: named("Tidal Volume Observed (VT)", "Exhaled TV (patient)", "Exhaled TV (machine)")},
	{Name: "respiratory_rate_set", Group: "ventilator", LOINC: "19834-1", Unit: "/min", High: 100, Conversions: perMinute, MIMIC3: chart("bpm", 619, 224688), EICU: named("Vent Rate")},
	{Name: "respiratory_rate_spontaneous", Group: "ventilator", LOINC: "19839-0", Unit: "/min", High: 330, Conversions: perMinute, MIMIC3: chart("bpm", 614, 224689, 651, 224422), EICU: named("RR (patient)")},
	{Name: "minute_volume", Group: "ventilator", LOINC: "76009-0", Unit: "L/min", High: 100, Decimals: 1, Conversions: same("L/min"), MIMIC3: chart("L/min", 450, 448, 224687), EICU: named("Exhaled MV")},
	{Name: "peak_pressure", Group: "ventilator", LOINC: "76531-3", Unit: "cm[H2O]", High: 150, Conversions: water, MIMIC3: chart("cmH2O", 535, 224695), EICU: named("Peak Insp. Pressure")},
	{Name: "plateau_pressure", Group: "ventilator", LOINC: "76259-1", Unit: "cm[H2O]", High: 100, Conversions: water, MIMIC3: chart("cmH2O", 543, 224696), EICU: named("Plateau Pressure")},
	{Name: "mean_airway_pressure", Group: "ventilator", LOINC: "76530-5", Unit: "cm[H2O]", High: 100, Conversions: water, MIMIC3: chart("cmH2O", 444, 224697), EICU: named("Mean Airway Pressure")},

	// Vasopressors and sedation, as rates.
	{Name: "norepinephrine", Group: "drug", Unit: "ug/kg/min", High: 10, Decimals: 2, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30120, 221906), EICU: named("Norepinephrine (mcg/kg/min)")},
	{Name: "epinephrine", Group: "drug", Unit: "ug/kg/min", High: 10, Decimals: 2, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30119, 30309, 221289), EICU: named("Epinephrine (mcg/kg/min)")},
	{Name: "dopamine", Group: "drug", Unit: "ug/kg/min", High: 100, Decimals: 1, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30043, 30307, 221662), EICU: named("Dopamine (mcg/kg/min)")},
	{Name: "dobutamine", Group: "drug", Unit: "ug/kg/min", High: 100, Decimals: 1, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30042, 30306, 221653), EICU: named("Dobutamine (mcg/kg/min)")},
	{Name: "phenylephrine", Group: "drug", Unit: "ug/kg/min", High: 20, Decimals: 2, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30128, 221749), EICU: named("Phenylephrine (mcg/kg/min)")},
	{Name: "vasopressin", Group: "drug", Unit: "U/min", High: 10, Decimals: 2, Devices: DevicesSum, Conversions: with(same("units/min", "Umin"), Conversion{"units/hour", 1.0 / 60, 0}, Conversion{"U/h", 1.0 / 60, 0}), MIMIC3: both(in("U/min", 30051), in("units/hour", 222315)), EICU: named("Vasopressin (units/min)")},
	{Name: "milrinone", Group: "drug", Unit: "ug/kg/min", High: 5, Decimals: 2, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30125, 221986), EICU: named("Milrinone (mcg/kg/min)")},
	{Name: "propofol", Group: "drug", Unit: "ug/kg/min", High: 500, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30131, 222168), EICU: named("Propofol (mcg/kg/min)")},
	{Name: "midazolam", Group: "drug", Unit: "mg/h", High: 100, Decimals: 1, Devices: DevicesSum, Conversions: hourly, MIMIC3: in("mg/h", 30124, 221668), EICU: named("Midazolam (mg/hr)")},
	{Name: "fentanyl", Group: "drug", Unit: "ug/h", High: 2000, Devices: DevicesSum, Conversions: with(same("mcg/hour", "mcghr", "mcg/h", "mcg/hr"), Conversion{"mcg/min", 60, 0}), MIMIC3: in("ug/h", 30118, 221744, 225942), EICU: named("Fentanyl (mcg/hr)")},
	{Name: "dexmedetomidine", Group: "drug", Unit: "ug/kg/h", High: 10, Decimals: 2, Devices: DevicesSum, Conversions: same("mcg/kg/hour", "mcgkghr", "mcg/kg/hr", "mcg/kg/h"), MIMIC3: in("mcg/kg/hour", 30167, 225150), EICU: named("Dexmedetomidine (mcg/kg/hr)")},
	{Name: "insulin", Group: "drug", Unit: "U/h", High: 200, Decimals: 1, Devices: DevicesSum, Conversions: same("units/hour", "Uhr", "units/hr"), MIMIC3: in("U/h", 30045, 223258), EICU: named("Insulin (units/hr)")},

	// Fluids, in mL as charted.
	{Name: "urine_output", Group: "fluid", LOINC: "9187-6", Unit: "mL", High: 5000, Transform: Log1p, Models: Range{0, 5000}, Conversions: millilitre, MIMIC3: out("mL", 226559, 40055, 226560, 40069, 40473, 226561, 226584, 226563, 226564, 226565, 226567, 226557, 226558, 40094, 40715, 40085, 40057, 40056, 40405, 40428, 40096, 40651, 40061, 40065, 226627, 226631, 41184, 44676), EICU: named("Urine", "URINE CATHETER", "Urinary Catheter Output: Indwelling/Continuous Ure", "Indwelling Catheter Output", "Urine Output-Foley"), PhysioNet: "Urine"},
	{Name: "drain_output", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: out("mL", 40071, 40292, 40076, 41707, 226599, 226588, 226589, 226600, 40086, 226593, 226604, 227701)},
	{Name: "gastric_output", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: out("mL", 40059, 40052, 226576, 226575, 226571, 227510, 227511, 40067, 40051, 226573), EICU: named("Gastric (NG)")},
	{Name: "stool_output", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: out("mL", 40054, 226579, 226580, 226583, 226582, 40053, 40063, 40367), EICU: named("Stool")},
	{Name: "crystalloid_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30018, 30013, 30021, 30015, 30020, 220949, 225158, 225828, 225943), EICU: named("NS", "NS IVF", "LR", "LR IVF", "D5W", "Crystalloids")},
	{Name: "enteral_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30166, 30056, 30090, 225936, 226453, 225797, 226452, 225799, 30144), EICU: named("P.O.", "P.O. Intake", "Oral Intake", "Enteral/Gastric Tube Intake #1", "Gastric Tube Intake")},
	{Name: "red_cells_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30001, 30104, 30179, 225168), EICU: named("pRBCs")},
	{Name: "plasma_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30005, 30180, 220970)},

	// Made by Vigil's encoders.
	{Name: "ecg_heart_rate", Group: "derived", Unit: "/min", High: 400, Conversions: perMinute},
	{Name: "ecg_quality", Group: "derived", Unit: "1", High: 1, Decimals: 2},
}

// addedChannels stand behind baseChannels in the table. Further lines are added at the end
// of this list.
var addedChannels = []ChannelInfo{
	{Name: "pulmonary_systolic", Group: "vital", LOINC: "8440-0", Unit: "mm[Hg]", High: 200, Zero: ZeroRefused, Conversions: pressure, MIMIC3: chart("mmHg", 492, 220059), EICU: named("pasystolic")},
	{Name: "pulmonary_diastolic", Group: "vital", LOINC: "8385-7", Unit: "mm[Hg]", Low: -20, High: 150, Conversions: pressure, MIMIC3: chart("mmHg", 8448, 220060), EICU: named("padiastolic")},
	{Name: "pulmonary_mean", Group: "vital", LOINC: "8414-5", Unit: "mm[Hg]", Low: -20, High: 150, Conversions: pressure, MIMIC3: chart("mmHg", 491, 220061), EICU: named("pamean")},
	{Name: "cardiac_output", Group: "vital", LOINC: "8741-1", Unit: "L/min", High: 30, Decimals: 1, Zero: ZeroRefused, Conversions: litreMinute, MIMIC3: chart("L/min", 90, 220088), EICU: named("cardiacoutput")},
	{Name: "pressure_support", Group: "ventilator", LOINC: "20079-0", Unit: "cm[H2O]", High: 60, Conversions: with(water, Conversion{".", 1, 0}), MIMIC3: chart("cmH2O", 578, 224701), EICU: named("Pressure Support")},

	// Of other specimens: the benchmark map counts them as pH and glucose, but
	// they are not the blood's.
	{Name: "urine_ph", Group: "lab", LOINC: "2756-5", Unit: "[pH]", Low: 3, High: 10, Decimals: 1, Conversions: same("units", "pH"), MIMIC3: lab("units", 51491, 51094)},
	{Name: "urine_glucose", Group: "lab", LOINC: "5792-7", Unit: "mg/dL", High: 10000, Conversions: glucoseU, Texts: texts(0, 0, "NEG", "Negative"), MIMIC3: lab("mg/dL", 51478)},
	{Name: "fluid_ph", Group: "lab", LOINC: "2748-2", Unit: "[pH]", Low: 3, High: 10, Decimals: 2, Conversions: same("units", "pH"), MIMIC3: lab("units", 50831)},

	{Name: "monocytes", Group: "lab", LOINC: "5905-5", Unit: "%", High: 100, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51254), chart("%", 799, 225642)), EICU: named("-monos")},
	{Name: "eosinophils", Group: "lab", LOINC: "713-8", Unit: "%", High: 100, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51200), chart("%", 797, 225640)), EICU: named("-eos")},
	{Name: "basophils", Group: "lab", LOINC: "706-2", Unit: "%", High: 100, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51146), chart("%", 796, 225639)), EICU: named("-basos")},
	{Name: "bands", Group: "lab", LOINC: "26508-2", Unit: "%", High: 100, Decimals: 1, Conversions: percent, MIMIC3: both(lab("%", 51144), chart("%", 795, 225638)), EICU: named("-bands")},
	{Name: "fibrinogen", Group: "lab", LOINC: "3255-7", Unit: "mg/dL", High: 2000, Conversions: with(same("mg/dL"), Conversion{"g/L", 100, 0}), MIMIC3: both(lab("mg/dL", 51214), chart("mg/dL", 806, 1528, 227468)), EICU: named("fibrinogen")},
	{Name: "lipase", Group: "lab", LOINC: "3040-3", Unit: "U/L", High: 50000, Conversions: enzyme, MIMIC3: both(lab("U/L", 50956), chart("U/L", 820, 225672)), EICU: named("lipase")},
	{Name: "amylase", Group: "lab", LOINC: "1798-8", Unit: "U/L", High: 50000, Conversions: enzyme, MIMIC3: both(lab("U/L", 50867), chart("U/L", 775, 220581)), EICU: named("amylase")},
	{Name: "creatine_kinase_mb", Group: "lab", LOINC: "13969-1", Unit: "ng/mL", High: 2000, Decimals: 1, Conversions: same("ng/mL", "ug/L"), MIMIC3: both(lab("ng/mL", 50911), chart("ng/mL", 227445)), EICU: named("CPK-MB")},
	{Name: "total_co2", Group: "lab", LOINC: "34728-6", Unit: "mmol/L", High: 100, Conversions: mmol, MIMIC3: both(lab("mmol/L", 50804), chart("mmol/L", 225698)), EICU: named("Total CO2")},
	{Name: "c_reactive_protein", Group: "lab", LOINC: "1988-5", Unit: "mg/L", High: 1000, Decimals: 1, Conversions: with(same("mg/L"), Conversion{"mg/dL", 10, 0}), MIMIC3: lab("mg/L", 50889), EICU: named("CRP")},

	{Name: "nitroglycerin", Group: "drug", Unit: "ug/kg/min", High: 50, Decimals: 2, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30121, 222056), EICU: named("Nitroglycerin (mcg/kg/min)")},
	{Name: "nitroprusside", Group: "drug", Unit: "ug/kg/min", High: 50, Decimals: 2, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30050, 222051), EICU: named("Nitroprusside (mcg/kg/min)")},
	{Name: "esmolol", Group: "drug", Unit: "ug/kg/min", High: 1000, Devices: DevicesSum, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 221429), EICU: named("Esmolol (mcg/kg/min)")},
	{Name: "amiodarone", Group: "drug", Unit: "mg/min", High: 20, Decimals: 1, Devices: DevicesSum, Conversions: same("mgmin"), MIMIC3: in("mg/min", 30112, 221347), EICU: named("Amiodarone (mg/min)")},
	{Name: "lorazepam", Group: "drug", Unit: "mg/h", High: 100, Decimals: 1, Devices: DevicesSum, Conversions: hourly, MIMIC3: in("mg/h", 30141, 221385), EICU: named("Lorazepam (mg/hr)")},
	{Name: "morphine", Group: "drug", Unit: "mg/h", High: 200, Decimals: 1, Devices: DevicesSum, Conversions: hourly, MIMIC3: in("mg/h", 30126, 225154)},
	{Name: "furosemide", Group: "drug", Unit: "mg/h", High: 200, Decimals: 1, Devices: DevicesSum, Conversions: hourly, MIMIC3: in("mg/h", 30123, 221794), EICU: named("Furosemide (mg/hr)")},
	{Name: "heparin", Group: "drug", Unit: "U/h", High: 10000, Devices: DevicesSum, Conversions: same("units/hour", "Uhr", "units/hr"), MIMIC3: in("U/h", 30025, 225152), EICU: named("Heparin (units/hr)")},

	{Name: "total_in", Group: "fluid", Unit: "mL", High: 50000, Conversions: millilitre, EICU: named("Total Intake")},
	{Name: "colloid_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30008, 30009, 220862, 220864)},
	{Name: "platelets_in", Group: "fluid", Unit: "mL", High: 5000, Conversions: millilitre, MIMIC3: in("mL", 30006, 225170)},
	{Name: "cryoprecipitate_in", Group: "fluid", Unit: "mL", High: 5000, Conversions: millilitre, MIMIC3: in("mL", 30007, 225171)},
	{Name: "parenteral_nutrition_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30032, 30096, 225916, 225917), EICU: named("TPN")},
	{Name: "ultrafiltrate_out", Group: "fluid", Unit: "mL", High: 20000, Conversions: millilitre, MIMIC3: both(out("mL", 40286), chart("mL", 226457))},

	// Computed from other channels in encoders/record, unless a source sends them.
	{Name: "pf_ratio", Group: "derived", LOINC: "50984-4", Unit: "mm[Hg]", Low: 10, High: 800, Models: Range{20, 700}, Conversions: pressure},
	{Name: "shock_index", Group: "derived", Unit: "1", Low: 0.05, High: 10, Models: Range{0.1, 5}, Decimals: 2},
	{Name: "urine_rate", Group: "derived", Unit: "mL/kg/h", High: 100, Transform: Log1p, Models: Range{0, 50}, Decimals: 1, Conversions: same("ml/kg/hr", "mL/kg/hour")},

	// The whole rates of drugs that are kept for each kilogram, where a source tells no weight:
	// encoders/record makes the rate for each kilogram of them once a weight is known.
	{Name: "norepinephrine_whole", Group: "drug", Unit: "ug/min", High: 3000, Decimals: 1, Devices: DevicesSum, Conversions: wholeRate, EICU: named("Norepinephrine (mcg/min)")},
	{Name: "epinephrine_whole", Group: "drug", Unit: "ug/min", High: 3000, Decimals: 1, Devices: DevicesSum, Conversions: wholeRate, EICU: named("Epinephrine (mcg/min)")},
	{Name: "dopamine_whole", Group: "drug", Unit: "ug/min", High: 30000, Decimals: 1, Devices: DevicesSum, Conversions: wholeRate, EICU: named("Dopamine (mcg/min)")},
	{Name: "dobutamine_whole", Group: "drug", Unit: "ug/min", High: 30000, Decimals: 1, Devices: DevicesSum, Conversions: wholeRate, EICU: named("Dobutamine (mcg/min)")},
	{Name: "phenylephrine_whole", Group: "drug", Unit: "ug/min", High: 6000, Decimals: 1, Devices: DevicesSum, Conversions: wholeRate, EICU: named("Phenylephrine (mcg/min)")},
	{Name: "nitroglycerin_whole", Group: "drug", Unit: "ug/min", High: 15000, Decimals: 1, Devices: DevicesSum, Conversions: wholeRate, EICU: named("Nitroglycerin (mcg/min)")},
}

var (
	litreMinute = same("L/min", "l/min", "lpm")
	wholeRate   = with(same("ug/min", "mcg/min", "mcgmin", "µg/min"), Conversion{"mg/min", 1000, 0}, Conversion{"mcg/hour", 1.0 / 60, 0}, Conversion{"mcg/hr", 1.0 / 60, 0},
		Conversion{"mcg/h", 1.0 / 60, 0}, Conversion{"ug/h", 1.0 / 60, 0}, Conversion{"mg/hour", 1000.0 / 60, 0}, Conversion{"mg/hr", 1000.0 / 60, 0}, Conversion{"mg/h", 1000.0 / 60, 0})
	hourly = same("mg/hour", "mghr", "mg/hr")
)
