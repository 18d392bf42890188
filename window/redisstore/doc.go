// Package redisstore keeps partitions in Redis 7 or later, or in miniredis.
//
// Each batch of the log is one script call, fenced by the owner's nonce and applied only if
// it follows the applied offset. All writes in it are absolute: applied twice, or half and
// then whole, they leave the same bytes. The keys of partition N are in one cluster slot:
//
//	<prefix>{kN}:m                  a hash of own (the owner's nonce), o (the applied offset),
//	                                v (the layout), d (outputs before this position are
//	                                dropped), x (the last output that was put into the
//	                                outbox), s (the seal of the record at o; stores of
//	                                before lack x and s), log (which log the
//	                                partition follows), and p<patient> (the patient's head
//	                                and state)
//	<prefix>{kN}:out                a sorted set with all scores 0 and a member for each batch:
//	                                the position of its last output, then the outputs
//	<prefix>{kN}:w:<patient>:<hour> a string, one chunk of packed window records, of a closed hour
//	                                by columns
//
// Beside them <prefix>model:<hash> is the file of a model that a log may ask for, under the first
// 16 digits of its SHA-256; no partition's reset deletes it.
//
// The head of a patient says to which offset the state belongs, and which
// chunks it has and how long they are. It is written with the applied offset in
// one HSET, after the chunks and the outbox and before what is deleted. So
// whatever prefix of a script a torn append-only file brings back (Redis 7.0
// can execute half a transaction at its second restart), bytes beyond the
// lengths and outputs beyond the applied offset do not count, and the replay of
// the batch writes over them.
//
// While a slot of a Redis Cluster moves, a call is done as a whole or answered with
// window.ErrUnavailable and changes nothing, until the keys are together again.
//
// Scripts use only redis.call and string functions, so that they run in miniredis too.
// Nothing has a time to live. What the store does not promise is to last: the log is the
// truth, and a store that is lost or rolled back is rebuilt from it by its owner.
package redisstore
