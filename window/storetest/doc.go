// Package storetest is the suite that every store of windows must pass: claims,
// fencing, gaps, retries, roll-back, odd names and bytes, the order of the
// outbox, two owners racing, large batches. Its entry is [Run]; [Redis] starts
// a real server for those who want one.
package storetest
