// Package history makes up logs of a ward for tests: what the step must answer alike,
// whatever crashes, restarts, ticks and owners come between.
//
// A history holds everything that makes a log hard to follow (late, doubled, corrected
// and retracted data, several stays, hours of silence), and a seed gives it again.
package history
