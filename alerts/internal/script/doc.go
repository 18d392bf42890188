// Package script tells stories to the code under test: files of commands at times of
// one invented day, each with what must come out below it. A story can be read, and
// written, by somebody who knows the ward and no Go:
//
//	ack at=9h alert=news2/1
//	----
//	9h0m0s ... acknowledged by nurse
//
// It holds what the stories of the policy and of the monitor have in common: the
// clock, the arguments of a command, the answers of a nurse, and short names for
// alerts, whose ids are hashes. The verbs of a story are its test's own. A test with
// -rewrite writes what came out into the stories.
package script
