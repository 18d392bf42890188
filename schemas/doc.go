// Package schemas is the vocabulary of Vigil: what comes in (events of six raw
// topics), what the patient log holds ([Record]), what goes out ([Score], [Alert],
// [DeadLetter]), and what all of them mean (the channel table, units, phenotypes).
// It imports nothing of ours.
//
// [EncodeEvent] and [DecodeEvent] are the wire form of raw messages: CloudEvents
// headers, JSON bodies as in the *.schema.json files beside this one, Arrow for
// ECG strips and bulk numbers. Whatever is wrong with a message is a [Problem]
// that says what, where, and what was expected; nothing panics. v1 bodies only
// ever gain optional fields.
//
// [Record.AppendBinary] and [DecodeRecord] are the log's form: versioned, compact,
// read whole or not at all.
//
// Channel numbers and record kinds are on disk: their tables only grow.
package schemas
