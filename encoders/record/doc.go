// Package record turns one event into one record of the patient log: canonical
// channels and units, plausible ranges, identity, and what an encoder sees in a heavy
// payload, such as heart rate and quality of an ECG strip, concepts and hashes of a note.
//
// It is pure and knows no broker. Live intake (encoders/intake), training, replay into a
// function and tests make their records here, so that all of them see the same numbers.
// What follows from several observations, such as a coma score from eyes, speech and
// movement that may be charted apart, is not in a record, which knows its own event only: a
// [Deriver] computes it from a patient's window, for the monitor and the trainer alike.
//
// A value that is wrong becomes a [schemas.Problem] that names field, found and
// expected; the rest of its event goes on.
package record
