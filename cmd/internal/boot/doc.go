// Package boot is what every command needs around its own work: exit codes, and
// the wiring of one worker from broker, store, model and policy.
package boot
