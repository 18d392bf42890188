package schemas

// alsoLOINC are further LOINC codes that are read as a channel, with the unit
// that the code implies where the value has none: the same quantity in another
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
