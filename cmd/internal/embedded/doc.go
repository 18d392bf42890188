// Package embedded runs a broker and a store inside the process, so that a
// machine with only Go can watch a unit: kfake, which keeps its log on disk, and
// a redis-server child that dies with this process, or miniredis where there is
// no redis-server.
//
// Both survive kill -9 of the process (not the loss of power). kfake is a fake by
// its author's word: no replication, one goroutine. It is for demo, tests, replay
// and evaluation on one machine.
package embedded
