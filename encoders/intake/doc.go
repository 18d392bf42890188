// Package intake is stage 1: raw topics in, the patient log out, dead letters
// aside. It writes the order of a patient's events down once; everything behind
// the log is a function of it.
//
// [Encoder] turns one event into one log record: canonical channels and units,
// ranges, identity; an ECG strip becomes heart rate and quality. What is wrong
// becomes exactly one dead letter per message, partial if other values of the
// message went on.
//
// # Order
//
// A message with the header `run` is a recorded one. Recorded messages wait until
// every raw topic has shown a progress mark; what lies up to the smallest mark is
// sorted ([Compare]) and written, then a tick that carries the mark's playing
// time. A record beyond the mark that follows it in its topic is dead (`future`),
// one behind an earlier one of its patient, source and topic, or behind a mark
// that came before it, too (`out_of_order`). Live messages are written as they
// arrive, with intake's clock as their `at`.
//
// # Once
//
// One worker owns a partition number in all topics. Each step appends first the
// dead letters, then the log batch, and ends both with a record of the type
// vigil.offsets.v1 that says, per raw topic, what is done. A restart goes on from
// the log's; a dead letter of an earlier offset than the dead letters' own record
// names was written before the crash and is not written again.
package intake
