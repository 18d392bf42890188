package schemas

// addedChannels stand behind baseChannels in the table: further lines are added
// here, at the end.
var addedChannels = []ChannelInfo{
	{Name: "pulmonary_systolic", Group: "vital", LOINC: "8440-0", Unit: "mm[Hg]", High: 200, Conversions: pressure, MIMIC3: chart("mmHg", 492, 220059), EICU: named("pasystolic")},
	{Name: "pulmonary_diastolic", Group: "vital", LOINC: "8385-7", Unit: "mm[Hg]", Low: -20, High: 150, Conversions: pressure, MIMIC3: chart("mmHg", 8448, 220060), EICU: named("padiastolic")},
	{Name: "pulmonary_mean", Group: "vital", LOINC: "8414-5", Unit: "mm[Hg]", Low: -20, High: 150, Conversions: pressure, MIMIC3: chart("mmHg", 491, 220061), EICU: named("pamean")},
	{Name: "cardiac_output", Group: "vital", LOINC: "8741-1", Unit: "L/min", High: 30, Decimals: 1, Conversions: litreMinute, MIMIC3: chart("L/min", 90, 220088), EICU: named("cardiacoutput")},
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

	{Name: "nitroglycerin", Group: "drug", Unit: "ug/kg/min", High: 50, Decimals: 2, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30121, 222056), EICU: named("Nitroglycerin (mcg/kg/min)")},
	{Name: "nitroprusside", Group: "drug", Unit: "ug/kg/min", High: 50, Decimals: 2, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 30050, 222051), EICU: named("Nitroprusside (mcg/kg/min)")},
	{Name: "esmolol", Group: "drug", Unit: "ug/kg/min", High: 1000, Conversions: weightRate, MIMIC3: in("mcg/kg/min", 221429), EICU: named("Esmolol (mcg/kg/min)")},
	{Name: "amiodarone", Group: "drug", Unit: "mg/min", High: 20, Decimals: 1, Conversions: same("mgmin"), MIMIC3: in("mg/min", 30112, 221347), EICU: named("Amiodarone (mg/min)")},
	{Name: "lorazepam", Group: "drug", Unit: "mg/h", High: 100, Decimals: 1, Conversions: hourly, MIMIC3: in("mg/h", 30141, 221385), EICU: named("Lorazepam (mg/hr)")},
	{Name: "morphine", Group: "drug", Unit: "mg/h", High: 200, Decimals: 1, Conversions: hourly, MIMIC3: in("mg/h", 30126, 225154)},
	{Name: "furosemide", Group: "drug", Unit: "mg/h", High: 200, Decimals: 1, Conversions: hourly, MIMIC3: in("mg/h", 30123, 221794), EICU: named("Furosemide (mg/hr)")},
	{Name: "heparin", Group: "drug", Unit: "U/h", High: 10000, Conversions: same("units/hour", "Uhr", "units/hr"), MIMIC3: in("U/h", 30025, 225152), EICU: named("Heparin (units/hr)")},

	{Name: "total_in", Group: "fluid", Unit: "mL", High: 50000, Conversions: millilitre, EICU: named("Total Intake")},
	{Name: "colloid_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30008, 30009, 220862, 220864)},
	{Name: "platelets_in", Group: "fluid", Unit: "mL", High: 5000, Conversions: millilitre, MIMIC3: in("mL", 30006, 225170)},
	{Name: "cryoprecipitate_in", Group: "fluid", Unit: "mL", High: 5000, Conversions: millilitre, MIMIC3: in("mL", 30007, 225171)},
	{Name: "parenteral_nutrition_in", Group: "fluid", Unit: "mL", High: 10000, Conversions: millilitre, MIMIC3: in("mL", 30032, 30096, 225916, 225917), EICU: named("TPN")},
	{Name: "ultrafiltrate_out", Group: "fluid", Unit: "mL", High: 20000, Conversions: millilitre, MIMIC3: both(out("mL", 40286), chart("mL", 226457))},
}

var (
	litreMinute = same("L/min", "l/min", "lpm")
	hourly      = same("mg/hour", "mghr", "mg/hr")
)
