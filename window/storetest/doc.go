// Package storetest is the suite that every store of windows must pass: claims, fencing, gaps,
// retries, roll-back, odd names and bytes, the order of the outbox, two owners racing, large
// batches. Its entry is [Run]; [Redis] starts a real server for those who want one.
//
// It promises that two stores which pass are the same to a worker. What it leaves to the
// stores' own tests is how each of them can break: a torn file, a connection that is cut.
package storetest
