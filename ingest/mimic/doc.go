// Package mimic reads a folder in the official layout of MIMIC-III (gzip or
// plain CSV, header in upper or lower case) as a [replay.Source].
//
// # Which rows count
//
// CHARTEVENTS, LABEVENTS, OUTPUTEVENTS, INPUTEVENTS_CV and INPUTEVENTS_MV carry
// values, NOTEEVENTS notes, ADMISSIONS, ICUSTAYS and TRANSFERS movements: every
// row of these ends in exactly one class of [replay.RowCount]. PATIENTS, D_ITEMS
// and D_LABITEMS are looked things up in and not counted. A table that is missing
// or empty is no error, except ICUSTAYS, PATIENTS, ADMISSIONS and CHARTEVENTS, by
// which the layout is recognised.
//
// A row is judged in this order, and the first that applies counts:
//
//	unreadable    torn, not UTF-8, an id, number or time that cannot be read
//	marked_wrong  CHARTEVENTS.ERROR, OUTPUTEVENTS.ISERROR or NOTEEVENTS.ISERROR is 1,
//	              INPUTEVENTS_MV.STATUSDESCRIPTION is Rewritten
//	unmapped      the channel table has no such item in this table
//	outside_stay  event time neither in an ICU stay of the patient, both ends
//	              included, nor in the 48 h before one
//	no_value      neither a number nor a text that carries one
//	bad_unit      no conversion to the channel's unit
//	implausible   outside the channel's range
//	duplicate     same patient, channel, event time and value (converted, float32),
//	              also across tables: of such rows the one that was available
//	              first is used (ties: table name, row id)
//	used          its value is sent
//
// Of movements, an ICUSTAYS row is used for its admit and its end; one without
// INTIME or OUTTIME has no_value; one that ends before it begins or overlaps an
// earlier stay is implausible. A TRANSFERS row is used if it happens within a
// stay; one at a stay's very begin or end repeats ICUSTAYS (duplicate); others,
// such as those between wards, are outside_stay. An ADMISSIONS row is used if one
// of its ICU stays is.
//
// # Patients, stays, times
//
// A patient is "mimic-iii:SUBJECT_ID", a stay is ICUSTAY_ID. admit is sent at
// INTIME, the end at OUTTIME: "death" where ADMISSIONS.DEATHTIME lies within the
// stay, else "discharge". Statics are what is known at admission: age (over 89,
// which MIMIC shifts by 300 years, is 91.4), sex, first care unit, admission
// type. Bed says the ward number, the nearest that MIMIC-III has.
//
// One vitals message holds what became available of a patient at one moment, its
// observations ordered by event time, table name and row id; ref is
// "TABLE:row_id". available_time is max(charted, stored). Where nothing is
// stored, the delay of [Delay] is added to the charted time; the rows used say
// how many times were recorded and how many modelled.
//
// # Inputs
//
// For a channel of the group "fluid" an INPUTEVENTS row gives its AMOUNT: in
// INPUTEVENTS_CV when charted, in INPUTEVENTS_MV at ENDTIME, as only then it has
// run in. For any other channel it gives its RATE: in INPUTEVENTS_CV as charted,
// in INPUTEVENTS_MV at STARTTIME, and 0 at ENDTIME unless another infusion of the
// same channel runs on or begins at that moment.
package mimic
