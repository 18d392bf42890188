// Package mimic reads a folder in the official layout of MIMIC-III or MIMIC-IV
// (gzip or plain CSV, header in upper or lower case) as a [source.Source]. Both
// editions share the code; where their tables lie and what their columns are
// called is data.
//
// # Which rows count
//
//	           MIMIC-III                        MIMIC-IV
//	values     CHARTEVENTS LABEVENTS            icu/chartevents hosp/labevents
//	           OUTPUTEVENTS INPUTEVENTS_CV      icu/outputevents icu/inputevents
//	           INPUTEVENTS_MV
//	notes      NOTEEVENTS                       note/discharge note/radiology (MIMIC-IV-Note)
//	movements  ADMISSIONS ICUSTAYS TRANSFERS    hosp/admissions icu/icustays hosp/transfers
//	looked up  PATIENTS D_ITEMS D_LABITEMS      hosp/patients icu/d_items hosp/d_labitems
//
// Every row of a table of values, notes or movements ends in exactly one class of
// [source.RowCount]; those that are looked things up in are not counted. A table
// that is missing or empty is no error, except the stays, patients, admissions and
// CHARTEVENTS, by which the layout is recognised. Other tables are not read:
// PROCEDUREEVENTS, for one, has no channel.
//
// A row is judged in this order, and the first that applies counts:
//
//	unreadable    torn, not UTF-8, an id, number or time that cannot be read
//	marked_wrong  ERROR of CHARTEVENTS, ISERROR of OUTPUTEVENTS or NOTEEVENTS is 1 (MIMIC-IV
//	              has no such columns; its WARNING only says that a value was unusual),
//	              STATUSDESCRIPTION of MetaVision's inputs is Rewritten
//	unmapped      the channel table has no such item in this table
//	outside_stay  event time neither in an ICU stay of the patient, both ends
//	              included, nor in the 48 h before one
//	no_value      neither a number nor a text that carries one
//	bad_unit      no conversion to the channel's unit
//	sensor_zero   the 0 of a sensor that is off, as the channel's line says
//	implausible   outside the channel's range, and in no other unit within it
//	duplicate     same patient, channel, event time and value (converted, float32),
//	              also across tables: of such rows the one that was available
//	              first is used (ties: table name, row id)
//	used          its value is sent
//
// Of movements, an ICUSTAYS row is used for its admit and its end; one without
// INTIME or OUTTIME has no_value; one that ends before it begins, or overlaps an
// earlier stay that its patient has not died in before it begins, is implausible. A TRANSFERS row is used if it happens within a
// stay; one at a stay's very begin or end repeats ICUSTAYS (duplicate); others,
// such as those between wards, are outside_stay. An ADMISSIONS row is used if one
// of its ICU stays is.
//
// # Patients, stays, times
//
// A patient is "mimic-iii:SUBJECT_ID" or "mimic-iv:SUBJECT_ID", a stay is
// ICUSTAY_ID or STAY_ID. admit is sent at INTIME, the end at OUTTIME as "discharge", or
// as "death" at DEATHTIME of the admission where that lies within the stay. Statics
// are what is known at admission: age, sex, first care unit, admission type. Of
// MIMIC-III age is by date of birth; of MIMIC-IV it is ANCHOR_AGE plus the years
// from ANCHOR_YEAR. Over 89 it is 91.4, as both hide it. A care unit goes by its
// short name: "Medical Intensive Care Unit (MICU)" is MICU in both. Bed says the
// ward number, the nearest that MIMIC-III has; MIMIC-IV has none.
//
// One vitals message holds what became available of a patient at one moment, its
// observations ordered by event time, table name and row id. available_time is
// max(charted, stored). Where nothing is stored, a delay is added to the charted
// time: charts 14 min, laboratory 65 (also its values in the chart, which bear
// the time of the specimen), outputs 14, inputs 12 (MetaVision 20), notes 60;
// the rows used say how many times were recorded and how many modelled. A note
// with a date only (discharge summaries) is of the end of that day.
//
// # Memory
//
// The tables are not ordered by patient, so the whole folder is read before the first
// patient is yielded. Until then some 50 bytes are held for each row of values that is used
// (about 8 MB for each of the demos), and the text of each note in a stay. They are given
// free patient by patient.
//
// # References
//
// ref is "TABLE:id" by ROW_ID, LABEVENT_ID or NOTE_ID. Of MIMIC-IV the tables
// chartevents, outputevents and inputevents have no id. There it is item and
// charted (or start) time, "chartevents:220045@2180-07-23T12:36:00", which with the
// patient finds the row, in whatever order the file is. Should an item be charted
// twice at one moment, both rows have the same ref; the order of their
// observations is then by value.
//
// # Inputs
//
// For a channel of the group "fluid" an INPUTEVENTS row gives its AMOUNT: in
// INPUTEVENTS_CV when charted, in MetaVision's at ENDTIME, as only then it has run
// in. For any other channel it gives its RATE: in INPUTEVENTS_CV as charted, in
// MetaVision's at STARTTIME, and 0 at ENDTIME unless another infusion of the same
// channel runs on or begins at that moment. A blank unit is the one that the item
// is charted in, by the channel table (the units of the reconstructed inputevents
// of the MIMIC-IV demo are lost).
//
// A rate in a unit without weight (mcg/min) is one of the drug's whole rate, another channel.
//
// # What is read otherwise than it is charted
//
// A row whose value can only be in another unit than it names (102.6 in a Celsius item) is
// used and counted as assumed too; it is sent as it is charted, so that intake marks it. The
// 0 of a sensor that is off is rejected as sensor_zero. An item of a second device (O2 flow
// #2, additional cannula) repeats no row of the first.
//
// # Words that are lost
//
// The reconstructed chartevents of the MIMIC-IV demo has no texts. A coma score is
// in VALUENUM; that a verbal 1 is a tube's cannot be known, so it counts as 1. A
// ventilator mode is read by MetaVision's number for it. Capillary refill, whose
// number is blank too, has no_value.
package mimic
