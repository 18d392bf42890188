package schemas

import "slices"

// This file holds the texts that carry a number, in the words of both systems that MIMIC
// was charted with (CareVue and MetaVision) and in plain ones.

// texts lists several texts of one value.
func texts(value float64, flags Flag, names ...string) []TextValue {
	out := make([]TextValue, len(names))
	for i, name := range names {
		out[i] = TextValue{name, value, flags}
	}
	return out
}

var eyeTexts = slices.Concat(
	texts(1, 0, "None", "No Response", "1 No Response"),
	texts(2, 0, "To Pain", "2 To pain"),
	texts(3, 0, "To Speech", "3 To speech"),
	texts(4, 0, "Spontaneously", "4 Spontaneously"),
)

// verbalTexts mark a response behind a tube as untestable: it is charted as the worst,
// though the patient might well speak without the tube.
var verbalTexts = slices.Concat(
	texts(1, Untestable, "1.0 ET/Trach", "No Response-ETT", "ET/Trach", "ETT", "Trach", "Intubated", "T", "1T", "Untestable"),
	texts(1, 0, "No Response", "1 No Response", "None"),
	texts(2, 0, "Incomprehensible sounds", "2 Incomp sounds"),
	texts(3, 0, "Inappropriate Words", "3 Inapprop words"),
	texts(4, 0, "Confused", "4 Confused"),
	texts(5, 0, "Oriented", "5 Oriented"),
)

var motorTexts = slices.Concat(
	texts(1, 0, "No response", "1 No Response", "None"),
	texts(2, 0, "Abnormal extension", "2 Abnorm extensn"),
	texts(3, 0, "Abnormal Flexion", "3 Abnorm flexion"),
	texts(4, 0, "Flex-withdraws", "4 Flex-withdraws"),
	texts(5, 0, "Localizes Pain", "5 Localizes Pain"),
	texts(6, 0, "Obeys Commands", "6 Obeys Commands"),
)

// avpuTexts are the levels of ACVPU, from 0 for alert to 3 for unresponsive, where new
// confusion counts as voice does. MIMIC's level of consciousness is another scale (a
// confused patient is charted "Alert"), so its items are not in the table; its words are.
var avpuTexts = slices.Concat(
	texts(0, 0, "A", "Alert"),
	texts(1, 0, "V", "Voice", "Verbal", "Arouse to Voice", "C", "Confused", "New confusion"),
	texts(2, 0, "P", "Pain", "Arouse to Pain", "Arouse to Stimulation", "Arouse to Stimul"),
	texts(3, 0, "U", "Unresponsive"),
)

var refillTexts = slices.Concat(
	texts(0, 0, "0", "Brisk", "Normal", "Normal <3 secs", "Normal <3 Seconds"),
	texts(1, 0, "1", "Delayed", "Sluggish", "Absent", "Abnormal", "Abnormal >3 secs", "Abnormal >3 Seconds"),
)

// ventilatorModes are 1 for any mode in which a machine breathes or helps, else 0.
var ventilatorModes = slices.Concat(
	texts(1, 0, "yes", "on", "true"),
	texts(0, 0, "no", "off", "false", "Standby"),
	texts(1, 0, "Assist Control", "CPAP", "CPAP+PS", "SIMV", "SIMV+PS", "Pressure Control", "Pressure Support", "CMV", "TCPCV"),
	texts(1, 0, "(S) CMV", "APRV", "APRV/Biphasic+ApnPress", "APRV/Biphasic+ApnVol", "APV (cmv)", "ASV", "CMV/ASSIST", "CMV/ASSIST/AutoFlow",
		"CMV/AutoFlow", "CPAP/PPS", "CPAP/PSV", "CPAP/PSV+Apn TCPL", "CPAP/PSV+ApnPres", "CPAP/PSV+ApnVol", "DuoPaP", "MMV", "MMV/AutoFlow",
		"MMV/PSV", "MMV/PSV/AutoFlow", "nCPAP-PS", "P-CMV", "PCV+", "PCV+/PSV", "PCV+Assist", "PRES/AC", "PRVC/AC", "PRVC/SIMV", "PSV/SBT",
		"SIMV/AutoFlow", "SIMV/PRES", "SIMV/PSV", "SIMV/PSV/AutoFlow", "SIMV/VOL", "SPONT", "SYNCHRON MASTER", "SYNCHRON SLAVE", "VOL/AC", "VS"),
)
