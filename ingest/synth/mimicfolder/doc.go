// Package mimicfolder writes the patients of an invented unit as a folder in the
// official layout of MIMIC-III or MIMIC-IV, so that whoever has no data of their own
// can replay a "recorded" ICU through the very reader of the real tables.
//
// [Write] takes a source that gives its values by channel, as package synth does. A
// nurse charts less than a monitor sends: a channel is written down once in half an
// hour, every laboratory value as it is. The rest is made up here, from a seed:
//
//   - Every patient's dates are shifted into the years from 2110 on, as MIMIC's are.
//     Patients, admissions and stays have numbers that neither edition uses.
//   - A row is stored some minutes after its charted time, some before it, some have
//     no stored time at all.
//   - In MIMIC-III every other patient is charted in CareVue, the rest in MetaVision.
//   - The patient whose mean arterial pressure falls lowest dies then. The one with the
//     longest stay among the others leaves halfway and comes back some days later.
//   - Rows that a real folder has too: repeated ones, rows marked as wrong, an item that
//     the channel table does not know, a value without a number, in a wrong unit, beyond
//     what can be, of another year, at a date that does not exist.
//
// Column names and item ids are the vocabulary of the format. Labels are this package's
// own words, and no row is a real person's. The same source and seed give the same
// tables, to the byte.
package mimicfolder
