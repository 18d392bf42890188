// Package labelled gives recorded chest films with the truth beside them, by which the encoder is
// judged and fitted: arrays of MedMNIST's form (.npz), folders whose names are the answers (NORMAL,
// PNEUMONIA, as Kermany's set has them, or 0, 1), and a labels.csv beside the images.
//
// It promises one film in memory at a time, whatever a set holds, and an error that says what was
// found and wanted where. A file of a folder that is no image is passed over; one that should be an
// image and cannot be read comes with its error, so that the caller decides.
//
// Left to others: what a film shows (package imaging), and what figures are made of it.
package labelled
