// Package worker is the machine around the step: it reads the patient log, moves
// alerts/monitor by its records, keeps the state in a store and publishes what
// followed.
//
// A [Service] owns partitions one at a time ([Service.Own]): it claims store and
// outputs, reads how far the outputs got, and then reads the log from where the
// store stands. Each batch is applied in one fenced write, and what it caused is
// published from the outbox, once. Kafka is the truth: a store that is empty or was
// rolled back is rebuilt from the log, with what was published left out.
//
// Windows are in the store alone once their hours are closed. The service looks
// ahead in what it has read of the log and asks the store once for all that the
// records will touch.
package worker
