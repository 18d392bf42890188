package schemas

import "strings"

// alsoLOINC are further LOINC codes that are read as a channel, with the unit that the code
// implies where the value comes without one. They name the same quantity in another
// specimen of blood, by another method, or per mole.
var alsoLOINC = []struct {
	channel string
	codes   []Code
}{
	// 3150-6 is no LOINC code (its check digit is wrong), but it is what senders write for 3150-0.
	{"fio2", []Code{{"19994-3", "%"}, {"19996-8", "%"}, {"3150-6", ""}}},
	// FHIR R4's vital signs profile demands 2708-6 of every SpO2, so that it counts as SpO2. A
	// sender of blood gases has 20564-1 and 2713-6, or the channel's own name.
	{"spo2", named("2708-6", "2710-2")},
	{"heart_rate", named("76282-3", "8889-8", "68999-2")},
	{"oxygen_flow", named("3151-8")},
	{"systolic_cuff", named("8480-6", "8459-0", "8460-8", "8461-6")}, // and sitting, standing, supine
	{"diastolic_cuff", named("8462-4", "8453-3", "8454-1", "8455-8")},
	{"mean_cuff", named("8478-0")},
	{"temperature", named("8331-1", "8329-5", "60834-9", "8332-9", "8328-7", "8333-7", "8334-5", "60838-0", "60836-4", "75539-7")},
	{"arterial_saturation", named("2713-6")},
	{"ph", named("11558-4", "2746-6")},
	{"paco2", named("11557-6")},
	{"pao2", named("11556-8")},
	{"base_excess", named("1925-7", "1927-3")},
	{"lactate", named("32693-4", "2518-9")},
	{"hematocrit", named("20570-8")},
	{"hemoglobin", named("59260-0", "20509-6")},
	{"platelets", named("26515-7")},
	{"wbc", named("26464-8")},
	{"sodium", named("2947-0")},
	{"potassium", named("6298-4")},
	{"chloride", named("2069-3")},
	{"bicarbonate", named("1959-6", "1960-4", "2028-9")},
	{"anion_gap", named("1863-0", "10466-1")},
	{"creatinine", []Code{{"38483-4", ""}, {"14682-9", "umol/L"}}},
	{"urea_nitrogen", []Code{{"6299-2", ""}, {"14937-7", "mmol/L"}, {"22664-7", "mmol/L"}}},
	{"glucose", []Code{{"2339-0", ""}, {"2340-8", ""}, {"41653-7", ""}, {"14749-6", "mmol/L"}, {"15074-8", "mmol/L"}}},
	{"magnesium", []Code{{"2601-3", "mmol/L"}}},
	{"calcium", []Code{{"2000-8", "mmol/L"}}},
	{"ionized_calcium", named("1994-3")},
	{"phosphate", []Code{{"14879-1", "mmol/L"}}},
	{"bilirubin", []Code{{"14631-6", "umol/L"}}},
	{"cholesterol", []Code{{"14647-2", "mmol/L"}}},
	{"inr", named("34714-6")},
	{"ptt", named("14979-9")},
	{"prothrombin_time", named("5964-2")},
	{"urine_ph", named("5803-2")},
}

// alsoMIMIC4 are the items that MIMIC-IV has beside those that it kept of MIMIC-III: the
// laboratory's newer ids, and pumps of a fixed mixture. What they measure is taken from
// mimic-code's map to LOINC (see NOTICE.md).
var alsoMIMIC4 = []struct {
	channel string
	items   []Item3
}{
	{"lactate", lab("mmol/L", 52442)},
	{"hematocrit", lab("%", 51638, 51639, 52028)},
	{"hemoglobin", lab("g/dL", 51640)},
	{"platelets", lab("10*3/uL", 51704)},
	{"wbc", lab("10*3/uL", 51755, 51756)},
	{"sodium", lab("mmol/L", 52455, 52623)},
	{"potassium", lab("mmol/L", 52452, 52610)},
	{"chloride", lab("mmol/L", 52434, 52535)},
	{"bicarbonate", lab("mmol/L", 50803)},
	{"creatinine", lab("mg/dL", 52024, 52546)},
	{"urea_nitrogen", lab("mg/dL", 52647)},
	{"glucose", lab("mg/dL", 52027, 52569)},
	{"calcium", lab("mg/dL", 52034, 52035)},
	{"ionized_calcium", lab("mmol/L", 51624)},
	{"albumin", lab("g/dL", 52022)},
	{"troponin_i", lab("ng/mL", 52642)},
	{"inr", lab("1", 51675)},
	{"ptt", lab("s", 52923)},
	{"lymphocytes", lab("%", 51245, 51690)},
	{"mcv", lab("fL", 51691)},
	{"urine_ph", lab("units", 52730)},

	{"epinephrine", in("mcg/kg/min", 229617)},
	{"phenylephrine", in("mcg/kg/min", 229630, 229631, 229632)},
	{"dexmedetomidine", in("mcg/kg/hour", 229420)},
	{"amiodarone", in("mg/min", 228339, 229654)},
	{"furosemide", in("mg/h", 228340)},
}

// additionalItems are the MIMIC items of a second device beside the first (Item3.Additional).
var additionalItems = []int{471, 227287} // O2 Flow #2; O2 Flow (additional cannula)

// mislabelled are units that rows of MIMIC's CareVue name of an item whose values are in
// another: phosphate stands as mEq/L there, in mg/dL, and no valence would make the one of
// the other.
var mislabelled = map[int]string{827: "mEq/L", 1534: "mEq/L"}

// Mislabelled says that a unit in a row of a MIMIC item is known to be wrong, so that the
// item's own counts.
func Mislabelled(item int, unit string) bool {
	wrong, listed := mislabelled[item]
	return listed && strings.EqualFold(wrong, unit)
}

// mdcCodes are codes of ISO/IEEE 11073-10101 (partition 2, vital signs) by number and name,
// as monitors send them in HL7 v2 and FHIR. Where several sites of one quantity are named,
// all are the channel.
var mdcCodes = []struct {
	channel string
	number  int
	name    string
}{
	{"heart_rate", 147842, "MDC_ECG_HEART_RATE"},
	{"heart_rate", 149514, "MDC_PULS_RATE"},
	{"heart_rate", 149530, "MDC_PULS_OXIM_PULS_RATE"},
	{"heart_rate", 149546, "MDC_PULS_RATE_NON_INV"},
	{"respiratory_rate", 151562, "MDC_RESP_RATE"},
	{"respiratory_rate", 151570, "MDC_AWAY_RESP_RATE"},
	{"respiratory_rate", 151578, "MDC_TTHOR_RESP_RATE"},
	{"respiratory_rate", 151586, "MDC_VENT_RESP_RATE"},
	{"respiratory_rate", 151594, "MDC_CO2_RESP_RATE"},
	{"spo2", 150456, "MDC_PULS_OXIM_SAT_O2"},
	{"fio2", 152196, "MDC_CONC_AWAY_O2_INSP"},
	{"fio2", 153144, "MDC_CONC_GASDLV_O2_INSP"},
	{"fio2", 151920, "MDC_VENT_CONC_AWAY_O2_INSP"},
	{"systolic_arterial", 150033, "MDC_PRESS_BLD_ART_SYS"},
	{"diastolic_arterial", 150034, "MDC_PRESS_BLD_ART_DIA"},
	{"mean_arterial", 150035, "MDC_PRESS_BLD_ART_MEAN"},
	{"systolic_arterial", 150037, "MDC_PRESS_BLD_ART_ABP_SYS"},
	{"diastolic_arterial", 150038, "MDC_PRESS_BLD_ART_ABP_DIA"},
	{"mean_arterial", 150039, "MDC_PRESS_BLD_ART_ABP_MEAN"},
	{"systolic_cuff", 150021, "MDC_PRESS_BLD_NONINV_SYS"},
	{"diastolic_cuff", 150022, "MDC_PRESS_BLD_NONINV_DIA"},
	{"mean_cuff", 150023, "MDC_PRESS_BLD_NONINV_MEAN"},
	{"systolic_cuff", 150017, "MDC_PRESS_BLD_SYS"},
	{"diastolic_cuff", 150018, "MDC_PRESS_BLD_DIA"},
	{"mean_cuff", 150019, "MDC_PRESS_BLD_MEAN"},
	{"systolic_cuff", 150301, "MDC_PRESS_CUFF_SYS"},
	{"diastolic_cuff", 150302, "MDC_PRESS_CUFF_DIA"},
	{"mean_cuff", 150303, "MDC_PRESS_CUFF_MEAN"},
	{"temperature", 150344, "MDC_TEMP"},
	{"temperature", 150364, "MDC_TEMP_BODY"},
	{"temperature", 150368, "MDC_TEMP_CORE"},
	{"temperature", 150392, "MDC_TEMP_TYMP"},
	{"temperature", 188420, "MDC_TEMP_RECT"},
	{"temperature", 188424, "MDC_TEMP_ORAL"},
	{"temperature", 188428, "MDC_TEMP_EAR"},
	{"gcs_total", 153728, "MDC_SCORE_GLAS_COMA"},
	{"gcs_eye", 153730, "MDC_SCORE_EYE_SUBSC_GLAS_COMA"},
	{"gcs_motor", 153731, "MDC_SCORE_MOTOR_SUBSC_GLAS_COMA"},
	{"gcs_verbal", 153732, "MDC_SCORE_SUBSC_VERBAL_GLAS_COMA"},
	{"central_venous_pressure", 150087, "MDC_PRESS_BLD_VEN_CENT_MEAN"},
	{"end_tidal_co2", 151708, "MDC_CONC_AWAY_CO2_ET"},
	{"weight", 188736, "MDC_MASS_BODY_ACTUAL"},
}
