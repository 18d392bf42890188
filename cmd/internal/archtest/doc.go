// Package archtest holds the tests that keep the house in order: directories lie on one line
// and imports point left only, pure packages see no clock, broker or goroutine, the packages
// on the serving path give the same bits on arm64, and the README lists every library.
package archtest
