package schemas

// alsoLOINC are further LOINC codes that are read as a channel, with the unit that the code
// implies where the value comes without one. They name the same quantity in another
// specimen of blood, by another method, or per mole.
var alsoLOINC = []struct {
	channel string
	codes   []Code
}{
	{"fio2", []Code{{"19994-3", "%"}, {"19996-8", "%"}}},
	{"systolic_cuff", named("8480-6")},
	{"diastolic_cuff", named("8462-4")},
	{"mean_cuff", named("8478-0")},
	{"temperature", named("8331-1", "8329-5", "60834-9")},
	{"arterial_saturation", named("20564-1", "2713-6")},
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
