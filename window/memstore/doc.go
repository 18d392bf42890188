// Package memstore keeps partitions in memory. It gives the same answers as redisstore, and
// serves tests, replay without a store, and whoever wants to read in one file what a store
// does.
//
// It promises what window/storetest asks of every store: batches are applied whole, in the
// order of their offsets, and for the owner alone. It keeps nothing beyond the process.
package memstore
