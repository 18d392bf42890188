package schemas

// alsoMIMIC4 are items that MIMIC-IV has beside those that it kept of MIMIC-III:
// the laboratory's newer ids, and pumps of a fixed mixture. Their quantities are
// those of mimic-code's map to LOINC (see NOTICE.md).
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
