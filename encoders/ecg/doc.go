// Package ecg reads an ECG strip without a model: where the beats are, heart rate,
// variability, whether the rhythm is irregular, and whether the signal can be used
// at all. Two unlike detectors look for the beats; the quality is their agreement, and
// how far the beats stand out of what lies between them or how alike they are.
//
// It promises no diagnosis. Ventricular fibrillation and flutter have no beats to
// find and mostly come out as unusable, as noise does; asystole and leads off are one
// flat line.
package ecg
