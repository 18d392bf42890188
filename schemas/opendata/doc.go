// Package opendata finds the open data sets and reference vectors that tests and
// benchmarks read. None of them is part of the project, since some may not be passed on and
// all are large; where they are absent a test is skipped and says so.
//
// It promises a folder that is there, and no more: what is in it, a test reads with its own
// reader, with [Archive] of what is packed, or with [EachRow] where it needs a plain judge of a
// fast one. Only tests import it.
package opendata
