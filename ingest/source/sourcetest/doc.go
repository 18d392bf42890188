// Package sourcetest holds the suites that every source of events must pass: [Run] is for
// a recorded or an invented one (source.Source), [RunDoor] for a live one (source.Door).
// A format is done when its package runs its suite on small data in the repository and,
// where it can be had, on the open data.
//
// The suites judge by the contracts of package source alone, so they know nothing of a
// format. What they cannot know, such as how a row is damaged or how a sender of the
// protocol asks, the caller gives in a [Subject] or a [DoorSubject].
//
// Each case is a function that returns what is wrong. So the suites are tested as well:
// this package's own tests hand them sources and doors with one mistake each, and want the
// case that is for it to say so.
package sourcetest
