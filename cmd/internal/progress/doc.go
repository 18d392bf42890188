// Package progress shows how far long work is, in one way for all commands: a bar on a terminal, a line now and then
// elsewhere.
package progress
