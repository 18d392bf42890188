// Package table reads the CSV tables of published data sets, plain or gzip, at
// the speed that half a million rows on one core need.
//
// [Open] finds NAME.csv.gz or NAME.csv in a folder, in upper or lower case; the
// name may begin with a folder of its own ("icu/chartevents").
// [Reader.Next] gives the fields of one row as slices of its buffer: valid until
// the next call, nothing allocated for a row. Column names are compared without
// case. Fields may be quoted, with commas, line ends and doubled quotes in them;
// a quote inside an unquoted field is an ordinary character. [Reader.Reset] takes
// the next of many small files into the same buffer.
//
// What cannot be read is said with file and line: a row of the wrong width or
// with bytes that are not UTF-8 is a [*RowError] and reading goes on; a file that
// is cut off, not gzip, or whose last quote never closes ends with an error.
package table
