// Package sequence numbers the messages that a door publishes, and keeps the numbers over
// restarts.
//
// The monitor knows a repeat by patient, source, topic and sequence number. So a message
// that a sender sends again, because the process died before it could answer, must go out
// under the number that it had, and no other message may ever get that number. A
// [Sequence] therefore writes each number into its file before it hands it out, together
// with what makes the message this message and no other: the door's [ID].
//
//	Number   the numbers are on disk (fsync)       the door appends
//	Appended the messages are known to be there    the door answers
//
// A process that is cut between the two finds its numbers again. One that is cut after them
// may not: then the same message is appended once more under the same number, which changes
// nothing.
//
// The file is text, one JSON object a line, and only grows: some 150 bytes a message, all of
// which stay in memory too. It is one process's own, which the kernel sees to.
package sequence
