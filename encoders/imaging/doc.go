// Package imaging reads a chest film, from DICOM, PNG or JPEG, and sums it up: what a small vector
// can say of it, and findings with names. It is a low-fidelity image summary, for research only: no
// radiologist, and trained on nothing that an intensive-care unit takes. It is pure.
//
// [Decode] gives a [Film]: shades from black to white, whatever the file stores, and what it says of
// how it was taken. [Encode] gives what the log keeps of an image, an [Encoding]: a vector of
// [Width] numbers, findings, and, where the image is nothing that a film's summary could be of, why
// it is present but not used. [Summary] has all features, group by group ([Groups]): histograms of
// oriented gradients, means and spreads on a grid, asymmetry of the sides, the lowest
// frequencies, profiles, energy by scale, exposure.
//
// It promises:
//
//   - The same bytes give the same bits, on any machine.
//   - What an image claims to be is held against the bytes that are there before memory is taken for
//     it; an image needs at most a few hundred megabytes while it is decoded, and nothing after.
//   - Nothing but numbers, names of this package and the flags of the acquisition leaves it: no
//     text of a file, in which there may be a name.
//
// Left to others: reading DICOM (package dicom), what becomes of an encoding (package record and the
// model), and encoders of a site's own.
package imaging
