// Package edf reads recordings in the European Data Format, EDF and EDF+ (Kemp and Olivan,
// Clinical Neurophysiology 2003): signals of different rates in data records, with gaps between
// these and annotations among them.
//
// It promises what package waveform promises. The frames are the file's data records. A gap stays
// a gap: no chunk reaches over one, and the time of each is that which the file says. What is wrong
// with a file becomes an error that names what was found and what was expected; it never panics,
// and the memory that it needs does not grow with the length of a recording.
package edf
