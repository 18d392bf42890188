// Package source says what a recorded source is: an intensive-care data set, or an
// invented unit, that yields its patients one after the other.
//
// A [Source] yields each [Patient] with all stays and everything that became known, as
// events ordered by available time. It accounts for every row that it read with a
// [Counter], so that nothing is dropped without a reason, and it hashes what it yielded
// with a [Hasher], so that two readings of the same data can be told to be the same.
//
// The package knows no broker and no file format. Readers of formats are its siblings
// (ingest/mimic, ingest/physionet, ingest/synth); ingest/replay gives the events their
// playing time and plays them.
package source
