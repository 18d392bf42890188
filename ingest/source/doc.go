// Package source says where events come from: what a recorded source is, and what a live
// door is.
//
// A [Source] is an intensive-care data set, or an invented unit, that is read once. It
// yields each [Patient] with all stays and everything that became known, as events ordered
// by available time. It accounts for every row that it read with a [Counter], so that
// nothing is dropped without a reason, and it hashes what it yielded with a [Hasher], so
// that two readings of the same data can be told to be the same.
//
// A [Door] is a protocol by which live messages come in. It publishes through a [Producer]
// and answers each message after that has it.
//
// The package knows no broker and no file format. Readers of formats are its siblings
// (ingest/mimic, ingest/physionet, ingest/synth), doors are too (ingest/jsonlines).
// ingest/replay gives the events of a source their playing time and plays them. Package
// sourcetest is the suite that each of them passes.
package source
