// Package watch says which partitions take messages and do not score them, whatever the cause.
//
// What was accepted and is not scored for [After] is silence: a raw message that intake does not
// read, a log record that is not applied, a partition that nobody owns, brokers or a store that
// do not answer, a log whose time stands still or runs away from the clock, an open stay that its
// partition passes over. A [Watch] looks at
// all partitions every [Every], those of other processes too, as far as the group tells of them.
// Each silence is one line in the log within 10 s, with the partitions, the cause where it is
// known and the mend; another line when the cause changes, and one when it is over. It is counted,
// and stands in the status line for as long as it lasts.
//
// A silence is no alert on the alerts topic. What stands there is a function of the patient log,
// each once: a replay or a rebuild of the log must give the same. Silence is no such function. The
// log of a partition that is silent is what does not get on; every process sees the silence, at a
// moment of its own, and none may write for a partition that it does not own. Whoever wants to be
// called follows the log of vigil serve, or the committed offset of the group against the end of
// the log topic, which any Kafka monitor shows.
package watch
