// Package vigil is the root of a module that watches an intensive-care unit: vitals and labs, ECG waveforms, clinical notes
// and imaging events in, risk scores and alerts out. It is research software, not a medical device.
//
// Most people use the program, cmd/vigil. This page is for those who call Vigil from a Go program of their own. The package
// has no code, only examples; what they use stands in the packages of the module, which are pure where patients are judged: they
// know no broker, no store, no clock and no goroutine.
//
//   - [github.com/vigil-icu/vigil/schemas]: events in, scores and alerts out, channels, units.
//   - [github.com/vigil-icu/vigil/encoders/record]: one event in, one record of the patient log out.
//   - [github.com/vigil-icu/vigil/alerts/monitor]: Step, one record in, scores and alerts out.
//   - [github.com/vigil-icu/vigil/fusion]: read a model file, predict.
//   - [github.com/vigil-icu/vigil/alerts]: NEWS2, and the policy that makes alerts of numbers.
//   - [github.com/vigil-icu/vigil/ingest/source]: what a recorded source is, with readers of MIMIC and PhysioNet 2012 beside it.
package vigil
