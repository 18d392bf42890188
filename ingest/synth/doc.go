// Package synth invents an intensive-care unit: patients who get worse and better
// along pathways that are written as data (pathways/*.yaml), with vitals every
// few seconds, labs, ECG strips, notes, image studies, transfers, sensor
// drop-outs, late and doubled messages. It is a replay.Source, so the invented
// unit takes the way of a recorded one. The same seed gives the same unit; with
// every pathway set to healthy nobody's NEWS2 reaches 5, or 3 in one component.
//
// Every event is marked `invented`. No patient in here exists.
package synth
