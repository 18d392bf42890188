// Package worker is the machine around the step: it reads the patient log, moves
// alerts/monitor by its records, keeps the state in a store and publishes what
// followed.
//
// A [Service] owns partitions one at a time ([Service.Own]), tenure by tenure as
// kafka.Ownership has it. A tenure claims the store and the outputs, reads how far the
// outputs got, takes the state from the store, and reads the log from where the store
// stands. Each batch of records is applied in one fenced write, together with the outputs
// that it caused. From there, the outbox, they are published once each.
//
// Kafka is the truth: a store that is empty, torn or was rolled back is rebuilt from the log,
// and what the output topics hold already is not published again. A store that follows another
// log is refused ([ErrOtherLog]): it names its log by the ids of cluster and topic.
// One that stands on another past of its own log, as over an older copy of the broker's files, is
// rebuilt: it keeps a checksum of the record that it applied last. Records in front of a switch
// of model, policy or settings are judged by those of then (Service.Shelf, Service.Models), and
// what the log asks for at the place where it is read on from is found in the log (judge.go).
// Where the store is empty and the log was cut, alerts that what is left of it does not tell are
// found in the compacted topic of latest states and ended (orphans.go).
//
// Windows are in the store alone once their hours are closed. The service looks ahead in what
// it has read of the log and asks the store once for all that the records will touch.
package worker
