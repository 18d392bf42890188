// Package intake is stage 1: raw topics in, the patient log out, dead letters
// aside. It writes the order of a patient's events down once; everything behind
// the log is a function of it.
//
// What one event becomes is encoders/record's; what of it is wrong becomes exactly one
// dead letter per message, partial if other values of the message went on.
//
// # Order
//
// A message with the header `run` is a recorded one. Recorded messages wait until
// every raw topic has shown a progress mark; what lies up to the smallest mark is
// sorted ([Compare]) and written, then a tick that carries the mark's playing
// time. The first mark names the run in progress. A mark judges what lies between
// it and the one before it in its topic: dead is a record of another run
// (`wrong_run`), one beyond the mark (`future`), one behind an earlier one of its
// patient, source and topic or behind a mark that came before it (`out_of_order`).
// What lies behind a run's end mark waits until the run is over in all topics.
//
// Live messages, and recorded ones that cannot be read, are direct: they are
// written as they arrive, past all that waits for marks, with intake's clock as
// their `at`. A live message with a key of another partition is sent on to it as
// it came, and its values are judged there.
//
// # What is gone
//
// Where a raw topic begins behind the place to be read on, because its retention is
// shorter than an outage was, the log gets a record that says so (schemas.KindGap) and
// intake goes on where the topic begins; the scores of the partition are marked. A topic
// that ends before that place was made anew: intake refuses it.
//
// # Once
//
// One worker owns a partition number in all topics. Each step appends first the
// dead letters, then the log records, both in batches that the broker takes as a
// whole or not at all; every batch ends with a record of the type
// vigil.offsets.v1 that says what its topic now holds:
//
//   - of the direct messages, per raw topic, all below an offset;
//   - of the recorded ones in the log, all up to a playing time and so many, in
//     Compare's order, of the millisecond behind it;
//   - of the recorded ones among the dead letters, per raw topic, all below an offset.
//
// A restart reads from the start of the first segment between two marks that is
// not in the log as a whole, judges it again with the same verdicts, and leaves out
// what the two tails say is there. Where the dead letters are ahead of the log, the
// live messages concerned are judged by the clock that their record names, so that
// one refused for its time stays refused. Cut at any point, log and dead letters
// are those of a calm run. Only what is sent on to another partition may go twice
// after a crash; its identity tells.
package intake
