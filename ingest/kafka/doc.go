// Package kafka is Kafka at both ends: who owns a partition, reading it in
// order, appending to it once, setting bad input aside. It is the one package
// that imports the Kafka client, so that sources and all pure code carry no broker.
//
// A [Cluster] says how to reach the brokers; topic names are without the site's
// prefix everywhere else. [Cluster.RunGroup] joins the consumer group and runs a
// handler for each partition number that is assigned, all topics of a number
// with one owner. A [PartitionReader] reads a partition in order and never skips:
// what retention took is a [DataLossError]. A [Producer] is idempotent and fenced
// by epoch: a batch that was acknowledged, or whose answer was lost, is there
// exactly once, and an older owner is refused ([ErrFenced]) once the newer one has
// written its claim. All readers and producers of a Cluster share their requests: a
// broker is asked for all partitions at once, and given batches of several at once.
//
// A stage that owns partitions is a [Tenant], and [Ownership] holds them for it: lease,
// claims, keeping alive, beginning again.
//
// Calls wait out what passes by itself, such as a broker that restarts; their errors are
// then those that do not: [ErrDenied], [ErrFenced], [DataLossError], or ctx's.
//
// What is never promised is that a committed group offset is true. It is a hint for those
// who watch the lag; the log and the store hold progress.
package kafka
