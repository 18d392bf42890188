// Package replay plays recorded (or invented) patients again.
//
// A source.Source yields patients: their stays and everything that became known
// of them, as raw events ordered by available time. [NewPlan] gives each event its
// playing time and its place in one global order. A [Player] sends the plan at
// real speed, N times faster or as fast as the sink takes it, into Kafka (package
// kafkasink) or into a function ([FuncSink]). The package itself knows no broker.
//
// # Playing time
//
// Play is in milliseconds and depends on the data and on [Options] only, never
// on a clock, a speed or the order in which a source was read. Stay k of a
// patient starts at start_k; the patient's first stay starts at [FirstStart],
// or with Options.Beds when a bed becomes free; the next one [Gap] after the
// last play of the segment before, so that a patient's stays never overlap.
//
//	available >= admit_k    play = start_k + (available - admit_k), to the millisecond,
//	                        also after the end of the stay, until the next stay's segment begins
//	available <  admit_k    play = start_k - ceil((admit_k - available) / 172800), at least start_k - 1000:
//	                        the 48 h before an admission pass in the second before start_k
//
// Stay k's segment begins at max(admit_k - 48 h, just after the end of stay
// k-1). A movement belongs to the segment of the stay that it names.
//
// # Order
//
// The plan is sorted as intake's merge sorts: play, movements first, earliest
// event time, topic (its place in schemas.RawTopics), patient, available time,
// content. Sequence numbers per (patient, topic) follow that order from 1, so
// feeding a plan straight to a function gives each patient the order that its
// log has.
//
// # Marks
//
// A mark with play p says: everything whose play is at most p has been sent.
// The player sends one every 250 ms of its clock and one at the end, whose play
// is exactly the largest play of the plan and which carries the end flag. No
// mark ever reaches the play of an event that has yet to be sent.
//
// # Going on after a crash
//
// Every message carries the header "idx", its position in the plan, and every
// mark the position up to which all has been sent. A [Resumer] such as kafkasink.Sink reads the last
// records of all raw partitions at its start, leaves out per partition what is
// there, and sends no mark before the position is beyond everything that was
// published before: a record behind a lower mark would be a dead letter. A run
// that has ended is recognised and nothing is sent; topics that hold another
// run are refused with the mend.
package replay
