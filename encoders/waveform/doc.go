// Package waveform is what readers of recorded waveforms give, whatever the file's form: signals
// with a unit and a calibration, and their samples in chunks, so that a day of many signals is
// read in little memory. Signals of one recording may be sampled at different rates: a frame is
// the time in which each has a whole number of samples.
//
// A sample is what the converter gave. No reader averages, resamples or bridges it, and what was
// not measured is [Missing] and never a number. Who wants another rate or band asks a [Resampler]
// or a [Biquad], for which what is missing stays missing.
package waveform
