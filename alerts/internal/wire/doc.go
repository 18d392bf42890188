// Package wire reads and writes the compact binary form in which states are
// kept. Reading is strict: it refuses what Append would not have written, so a
// state that decodes encodes to the same bytes.
package wire
