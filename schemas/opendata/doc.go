// Package opendata finds the open data sets and reference vectors that tests and
// benchmarks read. None of them is part of the project; where they are absent a
// test is left out and says so.
package opendata
