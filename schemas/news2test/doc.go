// Package news2test is the chart of the National Early Warning Score 2 as the
// Royal College of Physicians prints it, for tests that judge code by it. It is
// read as a nurse reads it: find the row, find the cell whose band holds the
// entry, take the points above the column. It shares neither code nor form with
// the score in package alerts, so that one mistake cannot stand in both.
package news2test
