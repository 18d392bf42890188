// Package window holds one patient's irregular observations of the last hours. They can be
// added, corrected, taken back, trimmed, and viewed as of any moment and any earlier place in
// the patient's log.
//
// A [Window] is a list of hours. An hour is a chunk: packed 12-byte records in
// the order in which they arrived. Nothing is ever edited in place: a
// correction or a retraction is a further record, so that the view as of an
// earlier log_n still shows what was known then. The same bytes lie in the
// store, one string per patient and hour, and [Load] makes the same window of
// them again. Of a closed hour a store may keep them by columns ([PackHour]), a byte or two each.
//
//	byte 0   uint16  channel (low 10 bits), bits 4 and 5 of schemas.Flag, its bits 0 to 3 (high 4 bits)
//	byte 2   uint16  time in the hour in 1/16 s, floored
//	byte 4   float32 value in the channel's canonical unit
//	byte 8   uint32  log_n, the patient's log record that brought it
//
// All numbers are little-endian. The resolution of a window is 1/16 s: event times, and
// the two ends of every view, are compared after flooring to it
// ([schemas.Time.Floor16]), so that a window rebuilt from its bytes answers as
// the one that took the observations.
//
// Beside the records a window keeps a cell for every hour and channel, which sums up the
// observations in force. [Window.Bins] gives count, mean, variance, least,
// greatest, first and last of each hour from it, of values after the transform that
// the channel table names. They are exact under any arrival order and any
// correction: the same as from the observations of [Window.At].
//
// A closed hour answers from its cells alone, so a worker need not hold its records:
// [Window.Release] forgets those that the store has, [Window.Want] says when they are
// needed again, for a late record, a correction or a retraction, and [Window.Fill] takes
// them. [Open] makes a window of which nothing is in memory yet. What is never asked of
// such a window is a view of closed hours as of an earlier log_n: [Load] makes a whole
// one for that. [Window.Lost] tells of a mistake.
//
// A window belongs to one goroutine, does no I/O and reads no clock. When hours are trimmed
// and what a stay may see is for its caller to say. The stores (memstore, redisstore) pass the
// suite in storetest; the types that they speak in, [Batch] and [StoredPartition], are declared
// here.
package window
