// Package monitor is the heart: [Monitor.Step] moves a partition of the patient
// log by one record.
//
// Step does no I/O, reads no clock and knows no randomness: what it answers is a
// function of the records alone, so live run, restart, rebuild, replay and audit
// give the same bytes. It first lets the patient's time pass up to the record's
// `at`, doing all that falls due, each at its own time; then it applies the
// record. A tick only lets time pass: ticks added or removed, none later than
// the next record, change no output. The file step.go holds all of it, from the
// record to the last output, in the order in which it happens.
//
// Beside the state of the patients a partition keeps what saves work: for a model of minute
// cells the sums of its time attention, of as many patients as 64 MiB hold; the first layer
// of the items in view; and within a tick the predictions of up to 16 patients, which are
// made at once. None of it is stored, and none of it shows in an output.
//
// Of each window a partition holds the open hours in full and of the closed ones the sums:
// their observations are in the store. Before a record is stepped that needs them again,
// [Partition.Wants] names them and [Partition.Give] takes them. With a model that reads
// more finely than by hours, windows stay in memory as a whole.
//
// Where two ids turn out to be one patient, the old id's partition hands what it knows to the
// survivor's by way of the outbox and the raw topic of movements, and from then on all that
// comes under it; an unmerge asks it back. See merge.go.
//
// A patient is forgotten who has no open stay, is of no run and was not heard of for 48 h.
//
// What a log is judged by it says itself: a use record names model, policy and every setting
// that changes outputs, and holds until the next one (use.go). A monitor with others refuses.
// In front of a switch the log is judged by what was asked for there, which [Shelf] finds.
//
// A model in the shadow (shadow.go) is compared with the served one and changes no output; what the
// served one has met is counted, to be held against its training (Partition.Drift).
//
// An alert that the model starts or escalates says what drove its risk (drivers.go): the model is
// asked again for each part of what it was given, once for each such revision and never else.
//
// A correction or retraction of what is not there is answered by a dead letter of the log record,
// with the reason `unmatched`, which is an output like others. An hour takes schemas.MaxHourValues
// records of a channel; NEWS2 alone goes by what comes beyond. A stay of which no data come for
// schemas.MaxUnheard ends by silence, an announced one too, and after 48 h one of which no
// admission is known, which bounds the work of one record.
//
// # What a tick costs
//
// Of 300,000 ticks of 20 channels drained from a backlog without a model, by the worker's CPU profile (TestBenchReal with
// VIGIL_BENCH_PROFILE, go tool pprof -top -cum; 2 busy processors, 22 us a tick of which these are the shares):
//
//	Step                                     40 %
//	  the window takes the values              20 %
//	  score: NEWS2, policy, body               15 %
//	the write to Redis                        16 %, 12 of them packing closed hours, before that used its memory again
//	intake: decode, units, derived values      9 %
//	outputs onto their topics                  5 %
//	decode of the log                          3 %
//	what the store is given (Writes)           1 %
//	collector, assists included               15 %
//	the rest: reading, appending, the runtime 11 %
//
// Redis takes 5 to 6 us a tick beside it. TestWhatARecordCosts holds what does not depend on the machine: allocations
// and bytes a record, the bytes of a state, half of which are readings with their references and a quarter alerts, and those
// of an observation in a closed hour.
//
// The package alerts/worker reads the log, keeps the store and publishes the outputs.
package monitor
