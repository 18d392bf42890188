// Package boot holds what commands share around their own work: exit codes, the login at a
// Kafka, the wiring of a worker from broker, store, model and policy (a [House]), and
// playing a plan into it or into a Kafka whose workers run elsewhere.
//
// It is the place where the machine's clock, randomness and network enter the program.
package boot
