// Package wfdb reads recordings in the formats of the WFDB library: headers, signals in every
// format that it defines, records of several segments, and annotations (Moody, "WFDB Applications
// Guide", header(5), signal(5), annot(5)). Where implementations differ it does what the C library
// does.
//
// It promises that what it gives is what was written: each sample in its place, missing where
// none was taken, held against the header's checksum once a file has been read from end to end.
// What is wrong with a file becomes an error that names the file, what was found and what was
// expected. It never panics on a file, and the memory that it needs does not grow with the length
// of a recording.
package wfdb
