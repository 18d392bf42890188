// Package memstore keeps partitions in memory: the same answers as redisstore,
// for tests, for replay without a store, and as the suite's plain twin.
package memstore
