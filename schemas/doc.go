// Package schemas is the vocabulary of Vigil: what comes in (events of six raw
// topics), what the patient log holds ([Record]), what goes out ([Score], [Alert],
// [DeadLetter]), and what all of them mean (the channel table, units, phenotypes).
// It imports nothing of ours from outside its own folder, so that every other package may
// speak in its words.
//
// [EncodeEvent] and [DecodeEvent] are the wire form of raw messages: CloudEvents 1.0
// headers, JSON bodies as in the *.schema.json files beside this one, and Arrow IPC
// streams for ECG strips and for bulk numbers. Whatever is wrong with a message comes
// back as a [Problem] that says what was found, where, and what was expected; no input
// makes the package panic. Bodies of version 1 only ever gain optional fields, so that
// a sender need not be changed together with Vigil.
//
// [Record.AppendBinary] and [DecodeRecord] are the log's form: it is versioned and
// compact, and a record is read whole or not at all.
//
// Channel numbers, record kinds and the order of the raw topics are on disk. Their
// tables only grow at the end.
//
// # Values
//
// The channel table ([ChannelInfo]) says of every channel in which unit and range it is kept,
// by which codes others name it, and what a value means that cannot be taken as it stands:
//
//   - A 0 of a sensor without a patient (SpO2, blood pressures, temperature) is refused as
//     sensor_zero. A 0 of heart rate, respiration or end-tidal CO2 counts, since it may be true,
//     and is marked Suspect: scores and alerts then say possible_disconnection.
//   - A saturation from 0.2 to 1 is a fraction, FiO2 above 1 a percentage, whatever the unit
//     says. A temperature that cannot be in its unit and can be in the other of Celsius and
//     Fahrenheit is read in that. What was read in another unit than it was told in is marked
//     Assumed; only FiO2 is not, as charts hold both its forms.
//   - Several values of one channel at one event time in one message are of several devices:
//     flows of oxygen and rates of drugs add up, of a ventilator that is on and off it is on,
//     and all others stay side by side.
//   - A rate in a unit without weight is of another channel than one for each kilogram.
//   - LOINC 2708-6 is SpO2, because FHIR's vital signs profile demands it for SpO2. The
//     saturation of a blood gas is 20564-1 or 2713-6, or names its channel.
//   - "NT", "1T", "10T" and "ET/Trach" are a verbal response that could not be tested: it
//     counts as 1 and is marked Untestable. "NT" of eyes or limbs carries no number.
//   - "Room air", "RA" and "none" are a flow of 0 and an FiO2 of 0.21.
//
// What follows from several channels is not in the messages or the log: encoders/record
// derives it.
//
// # Order
//
// The package decides nothing about time or order: whether an event is too late, a
// repeat or of another run is for encoders/intake and alerts/monitor to say.
//
// # Glossary
//
// Names, comments and logs use these words in these meanings and no others.
//
// The patient and the time:
//
//   - stay: A stay is a patient's time in the intensive-care unit, from an admission to
//     its end; scores and alerts are given only within one.
//   - implicit: A stay is implicit if data opened it instead of an admission; the first
//     admission adopts it, and 24 hours without data end it.
//   - governed: A patient is governed once an admission system speaks for them, and from
//     then on only an admission opens a stay, unless the admission may have been lost.
//   - merge: Two ids turn out to be one patient, who goes on under the survivor's; an unmerge
//     takes that back. A record is handed over that goes from the one to the other.
//   - available: The available time of a fact is when the staff could know it, which may
//     be hours after its event time, when it was measured.
//   - at: The at of a log record is when Vigil takes it to have become known: intake's
//     clock for a live record, the available time for a recorded one.
//   - tick: A tick is a log record that brings no data and only lets the time of its
//     partition pass.
//   - hour: An hour is a full hour counted from the Unix epoch, the unit in which a window
//     is stored, summed up and forgotten.
//   - held: A held score is one that a record made due less than the score interval
//     (a minute) after the last score, and that waits until the interval is over; a held
//     hour of a window is one whose records are in memory.
//
// What is known of a patient:
//
//   - window: A window is what is kept of one patient's numbers: the observations of the
//     last 48 hours, with every correction that was made to them.
//   - derived: A derived observation is one that Vigil computed from others, such as a coma
//     score from its parts; it is in the window and not in the log.
//   - view: A view is a window as it was known at one moment and one log_n, and it holds
//     nothing that was measured or told later.
//   - horizon: The horizon is the first of the 48 clock hours that end with the present
//     one; an observation from before it is not taken in, since no view will ask for it.
//   - reach: The reach of a question is how far back in time it looks: 48 hours before an
//     admission for a model's view ([Reach]), 6 hours for NEWS2.
//   - chunk: A chunk is one hour of one window as the store keeps it, a string of packed
//     records of 12 bytes in the order in which they arrived.
//   - numbering: A numbering is the stretch of a patient's log within which log_n and n
//     count up; it ends with a stay, so that what arrives between two stays is counted
//     with the later one.
//   - log_n: The log_n of a record is its number among the records applied to its patient
//     in the numbering, from 1.
//   - n: The n of an output is its number among the patient's scores and alert revisions
//     in the numbering, from 1.
//   - need: The need of a patient is the log offset at which the present numbering began.
//   - before: The before of a patient is the log offset at which the numbering before the
//     present one began; a rebuild reads the log from there, because it must know which
//     records are repeats.
//
// Playing recorded patients again:
//
//   - run: A run is one playing of a recorded data set, and its name stands in the header
//     of each of its messages.
//   - play: The play of a recorded event is its playing time, in milliseconds from the
//     beginning of the run; it follows from the data and never from a clock.
//   - lead: The lead is the second of playing time into which a run presses the 48 hours
//     before an admission; a lead of an ECG strip is one of its signals.
//   - mark: A mark is a message by which a run promises that everything up to a play has
//     been sent to a partition, so that intake may put it in order and write it down.
//   - bound: A patient is bound to a run once a record of it was applied, in which at and
//     play differ by a constant; a tick of the run moves the clocks of bound patients only.
//
// Owning a partition:
//
//   - lease: A lease is a worker's right to a partition for as long as the consumer group
//     stays as it is.
//   - owner: The owner of a partition is the one worker that may write its outputs and its
//     state.
//   - claim: A claim is how a new owner takes a partition over, with a record in every
//     topic that it writes and its nonce in the store; both then refuse the owner before.
//   - nonce: A nonce is a text that no other claim ever had, by which the store tells the
//     owner from all earlier ones.
//   - use: A use is the log record that names, by the hash of their files, the model, the
//     policy and the encoder in force from there on; a monitor that holds another model or
//     policy stops there.
//   - position: The position of an output is the log offset of the record that caused it
//     and its place among that record's outputs; it is the same in every rebuild.
//   - outbox: The outbox holds outputs in the store, written together with the state that
//     they follow from, until they are known to be in their topics.
//   - gap: A gap is a place where records were lost because a topic kept them too short;
//     the scores of patients who may have lost some say so in a flag.
package schemas
