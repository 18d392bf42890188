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
// Beside the state of the patients a partition keeps what saves work: sums of the time
// attention for a model of minute cells (64 MiB of patients, those predicted last), the
// first layer of items, and within a tick the predictions of up to 16 patients, made at
// once. None of it is stored, and none shows in an output.
//
// Of windows a partition holds the open hours and the sums of the closed ones, whose
// records are in the store. Before Step of a record that touches them,
// [Partition.Wants] names them and [Partition.Give] takes them. A model that reads
// more finely than by hours keeps windows in memory as a whole.
//
// What reads the log, keeps the store and publishes the outputs is alerts/worker.
package monitor
