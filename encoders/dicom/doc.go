// Package dicom reads DICOM files (PS3.10) of which the bytes are in memory: their elements, the
// grey values of an image as a screen would show them, and waveforms. It is pure and small: what
// Vigil asks of a file, and no more of the standard.
//
// A [File] is implicit or explicit little endian, or explicit big endian. Pixels are uncompressed,
// RLE or JPEG baseline; any other transfer syntax is refused by its name. [Image.Stored] gives the
// values as they are stored, of 1 to 32 bits, signed or not; [Image.Grey] takes them by the
// modality's rescale or table, the first window or table of the values of interest, and the
// photometric interpretation, to shades from black, 0, to white, 1. Padding is black.
// [File.Waveforms] gives each multiplex group of a waveform object as a waveform.Reader.
//
// It promises:
//
//   - Hostile bytes end in an error that says what was found where, and what was wanted. A file
//     makes it allocate no more than a constant times the bytes that are there; what an image
//     claims is held against them, and against [MaxPixels], before memory is taken for it.
//   - An error names tags, numbers and transfer syntaxes, never a text of the file, in which there
//     may be a name.
//
// The library that the field has for Go was measured first: 184 bytes made it allocate 2 GiB, it
// gives signed pixels without their sign, reads single bits from the wrong end and calls a deflated
// file torn. So this is code of its own.
//
// Left to others: what an image shows (package imaging), finding and moving files, private
// elements, character sets, colour.
package dicom
