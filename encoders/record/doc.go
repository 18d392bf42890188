// Package record turns one event into one record of the patient log: canonical
// channels and units, plausible ranges, identity, and what an encoder sees in a heavy
// payload, such as heart rate and quality of an ECG strip.
//
// It is pure and knows no broker. Live intake (encoders/intake), training, replay into a
// function and tests make their records here, so that all of them see the same numbers.
// A value that is wrong becomes a [schemas.Problem] that names field, found and
// expected; the rest of its event goes on.
package record
