// Package physionet reads the records of the PhysioNet/CinC Challenge 2012 (the
// first 48 hours of an intensive-care stay, one text file a stay) as a
// [source.Source].
//
// # What it reads
//
// [Open] takes a folder of records (RecordID.txt), a folder that holds such
// folders or archives, as set-a or set-b.tar.gz, whatever they are called, or one .tar.gz.
// Other files are passed over, an archive too where its unpacked folder lies
// beside it. A record begins with the header Time,Parameter,Value. One that does
// not, that names another RecordID than its file, or that is there twice ends
// the reading with an error; so does an archive that is cut off.
//
// # Which rows count
//
// Every line behind a header ends in exactly one class of [source.RowCount]. It
// is judged in this order, and the first that applies counts:
//
//	unreadable    not three fields, not UTF-8, a time that is not HH:MM, a value
//	              that is not a number
//	no_value      the parameter has no name ("10:45,,1.9")
//	unmapped      the channel table has no such parameter
//	outside_stay  after 48:00
//	no_value      no value, or -1, which means unknown here
//	sensor_zero   the 0 of a sensor that is off, as the channel's line says
//	implausible   outside the channel's range, and in no other unit within it
//	duplicate     same parameter, time and value (converted, float32) as a line above
//	used          its value is sent
//
// A pH of 65 to 80 has lost its point once and one of 650 to 800 twice: they are
// divided by 10 and 100, as the training recipe has it, and no other value is
// mended. Two values of one parameter at one time both stay, in the order of
// their lines. Ranges are those of the channel table: the narrower ones of a
// model are the model's.
//
// RecordID, Age, Gender, Height and ICUType at 00:00 describe the stay: such a
// line is used if the admit says it. A further one is a duplicate if it says the
// same, else implausible. Later than 00:00 only Height has a channel. The first
// plausible Weight at 00:00 is on the admit and an observation as well.
//
// # Patients, stays, times
//
// A patient is "physionet2012:RecordID", the stay RecordID: which stays are of
// one patient is not known. The records have no calendar: every stay is admitted
// at [Admitted], and its times count from there. available_time is not recorded
// either. It is modelled: [LabDelay] after a value of the channel group "lab",
// [ChartDelay] after any other.
//
// The admit carries age, sex, height, weight and the kind of unit (ICUType 1 to
// 4: CCU, CSRU, MICU, SICU). The end is a "discharge" at 48:00. It says that the
// record ends there and nothing of how the stay went on: whether the patient
// died in hospital was not known at that time, and no outcome enters the events.
// What was measured before 48:00 and became known after it is sent after the end.
//
// One vitals message holds what became available of a patient at one moment, its
// observations ordered by event time and line; ref is "RecordID:line", of which
// the header is line 1.
//
// # Outcomes
//
// [ReadOutcomes] reads what came of the stays from Outcomes-a.txt and its kin, for
// training and evaluation: -1 is unknown, but for Survival, where it means that no
// death is on record.
package physionet
