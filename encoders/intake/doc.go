// Package intake is stage 1: it reads the raw topics, writes the patient log, and sets aside
// what cannot be used. It decides the order of a patient's events once; everything behind the
// log is a function of it.
//
// What one event becomes is the matter of encoders/record. What is wrong with a message
// becomes one dead letter of that message, which is partial if other values went on. step.go
// follows a message from its topic to the log.
//
// # Order
//
// A message with the header `run` is a recorded one, which a worker of live topics refuses
// (`runs_off`, Worker.LiveOnly). Recorded messages wait until every raw
// topic has shown a progress mark, which says up to which playing time the topic is complete.
// What lies up to the smallest mark is sorted ([Compare]) and written, and then a tick that
// carries the mark's playing time.
//
// The first mark names the run in progress. Each mark judges the messages between it and the
// mark before it in its topic, and makes a dead letter
//
//   - of a message of another run (`wrong_run`),
//   - of one whose playing time lies beyond the mark (`future`),
//   - of one whose playing time lies behind the mark before, or behind an earlier message of
//     the same patient and source in the topic (`out_of_order`).
//
// What lies behind a run's end mark waits until the run is over in all topics.
//
// What waits is held in memory, each message cut to what a dead letter would quote. A run must
// send a mark at least every 200,000 messages and 128 MiB of each topic and partition, or as the
// limits run-messages and run-bytes of schemas say: what comes beyond is a dead letter (`no_mark`) at once,
// up to the next mark. A topic whose marks are ahead of the others' is not read on while it holds
// a quarter of that. So a partition holds at most six times five quarters of run-bytes,
// 960 MiB, of a run that is out to fill it, beside what is being read.
//
// The log passes each full hour of playing time by a tick, so that nobody who applies it has more
// than one hour's work for all patients at a time.
//
// Live messages, and recorded ones that cannot be read, are direct: they are written as they
// arrive, past all that waits for marks, with the time of intake's clock. A live message whose
// key belongs to another partition is sent on to that partition as it came, and its values
// are judged there.
//
// # Time
//
// Live records and ticks get the time of the worker's clock for as long as that agrees, to
// 2 s, with two others: the broker's, and the process's own count of time (clock.go). A clock
// that is set, forward or back, is said once and not followed until it agrees again. A log
// that is ahead all the same, as an older version may have left one, goes on at half speed
// until it is caught up with, up to 10 minutes; one that is further ahead goes back to the
// present. Hours in which nobody wrote go by in ticks of one each. A tick is written every second
// while somebody has an open stay, as Worker.Quiet tells, else once an hour.
//
// # What judges
//
// The first record of a log says by which model, policy and settings it is judged, and every
// batch repeats it in short. A worker with others is refused (ErrOtherUse), or, told to switch,
// writes one record from which on the log asks for its own (use.go). A command in the partition's
// order (schemas.UseCommand) lets the log ask for another model in the same way, if the worker
// finds that one and it has the tasks of the policy; else it becomes a dead letter. A worker that
// starts later with the model of before goes on with the log's.
//
// # What is gone
//
// A raw topic may begin behind the offset that is to be read next, if its retention is
// shorter than an outage was. The log then gets a record that says so (schemas.KindGap),
// which marks the scores of the partition, and intake goes on where the topic begins. So it
// does where the topic was deleted and made anew, which the topic's id tells; brokers older
// than Kafka 3.0 have none, and there intake refuses a topic that ends before that offset. A
// topic that was given more partitions is refused (kafka.ErrGrown), within seconds.
//
// # Once
//
// One worker owns a partition number in all topics. Each step appends the dead letters first
// and then the log records, in batches that the broker takes as a whole or not at all. Every
// batch ends with a record of the type vigil.offsets.v1, which says what its topic holds from
// then on:
//
//   - all direct messages below an offset of each raw topic;
//   - in the log, all recorded messages up to a playing time, and of the millisecond behind
//     it the first few in Compare's order;
//   - among the dead letters, all recorded messages below an offset of each raw topic that
//     marks have found wrong.
//
// A restart reads what lies between two marks as a whole, from the first such stretch that is
// not in the log as a whole. It comes to the same verdicts, and leaves out what the tails of
// the two topics say is there. Where the dead letters are ahead of the log, it judges the
// live messages concerned by the clock that the dead letters' tail names, so that a message
// stays refused that was refused for its time.
//
// Cut at any point, log and dead letters are those of a calm run. Only what is sent on to
// another partition may go twice after a crash; its identity tells.
package intake
