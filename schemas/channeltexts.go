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
	texts(1, 0, "None", "No Response", "1 No Response", "LA6553-7"),
	texts(2, 0, "To Pain", "2 To pain", "LA6554-5"),
	texts(3, 0, "To Speech", "3 To speech", "LA6555-2"),
	texts(4, 0, "Spontaneously", "4 Spontaneously", "LA6556-0"),
)

// verbalTexts mark a response that could not be tested, mostly because of a tube, as
// untestable: it is charted as the worst, though the patient might well speak without the
// tube. Eyes that are swollen shut and limbs that are paralysed have no such words: an "NT"
// of them carries no number, since a 1 would say that the patient does not wake.
var verbalTexts = slices.Concat(
	texts(1, Untestable, "1.0 ET/Trach", "No Response-ETT", "ET/Trach", "ETT", "Trach", "Tracheostomy", "Intubated", "Tube", "T", "VT", "1T",
		"NT", "N/T", "Vnt", "Not testable", "Not tested", "Untestable", "Unable to test", "Non testable", "Non-testable"),
	texts(1, 0, "No Response", "1 No Response", "None", "LA6557-8"),
	texts(2, 0, "Incomprehensible sounds", "2 Incomp sounds", "LA6558-6"),
	texts(3, 0, "Inappropriate Words", "3 Inapprop words", "LA6559-4"),
	texts(4, 0, "Confused", "4 Confused", "LA6560-2"),
	texts(5, 0, "Oriented", "5 Oriented", "LA6561-0"),
)

var motorTexts = slices.Concat(
	texts(1, 0, "No response", "1 No Response", "None", "LA6562-8"),
	texts(2, 0, "Abnormal extension", "2 Abnorm extensn", "LA6563-6"),
	texts(3, 0, "Abnormal Flexion", "3 Abnorm flexion", "LA6564-4"),
	texts(4, 0, "Flex-withdraws", "4 Flex-withdraws", "LA6565-1"),
	texts(5, 0, "Localizes Pain", "5 Localizes Pain", "LA6566-9"),
	texts(6, 0, "Obeys Commands", "6 Obeys Commands", "LA6567-7"),
)

// avpuTexts are the levels of ACVPU, from 0 for alert to 3 for unresponsive, where new
// confusion counts as voice does. MIMIC's level of consciousness is another scale (a
// confused patient is charted "Alert"), so its items are not in the table; its words are.
var avpuTexts = slices.Concat(
	texts(0, 0, "A", "Alert", "LA9340-6"),
	texts(1, 0, "V", "Voice", "Verbal", "Arouse to Voice", "C", "Confused", "New confusion", "Responds to voice", "LA17108-4", "LA6560-2"),
	texts(2, 0, "P", "Pain", "Arouse to Pain", "Arouse to Stimulation", "Arouse to Stimul", "Painful", "Responds to pain", "LA17107-6"),
	texts(3, 0, "U", "Unresponsive", "LA9343-0"),
)

var refillTexts = slices.Concat(
	texts(0, 0, "0", "Brisk", "Normal", "Normal <3 secs", "Normal <3 Seconds"),
	texts(1, 0, "1", "Delayed", "Sluggish", "Absent", "Abnormal", "Abnormal >3 secs", "Abnormal >3 Seconds"),
)

// ventilatorModes are 1 for any mode in which a machine breathes or helps, else 0.
var ventilatorModes = slices.Concat(
	texts(1, 0, "yes", "on", "true"),
	texts(0, 0, "no", "off", "false", "none", "Standby", "Room air", "RA"),
	texts(1, 0, "Assist Control", "CPAP", "CPAP+PS", "SIMV", "SIMV+PS", "Pressure Control", "Pressure Support", "CMV", "TCPCV"),
	texts(1, 0, "(S) CMV", "APRV", "APRV/Biphasic+ApnPress", "APRV/Biphasic+ApnVol", "APV (cmv)", "ASV", "CMV/ASSIST", "CMV/ASSIST/AutoFlow",
		"CMV/AutoFlow", "CPAP/PPS", "CPAP/PSV", "CPAP/PSV+Apn TCPL", "CPAP/PSV+ApnPres", "CPAP/PSV+ApnVol", "DuoPaP", "MMV", "MMV/AutoFlow",
		"MMV/PSV", "MMV/PSV/AutoFlow", "nCPAP-PS", "P-CMV", "PCV+", "PCV+/PSV", "PCV+Assist", "PRES/AC", "PRVC/AC", "PRVC/SIMV", "PSV/SBT",
		"SIMV/AutoFlow", "SIMV/PRES", "SIMV/PSV", "SIMV/PSV/AutoFlow", "SIMV/VOL", "SPONT", "SYNCHRON MASTER", "SYNCHRON SLAVE", "VOL/AC", "VS"),
)

// The words for breathing without added oxygen, as flow and as inspired fraction.
var (
	noFlow          = texts(0, 0, "none", "no", "off", "Room air", "RA", "Room air (RA)", "R/A", "on room air", "on RA", "on air", "air", "No oxygen", "No O2")
	roomAirFraction = texts(0.21, 0, "none", "no", "off", "Room air", "RA", "Room air (RA)", "R/A", "on room air", "on RA", "on air", "air", "No oxygen", "No O2")
)
