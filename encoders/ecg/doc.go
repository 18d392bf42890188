// Package ecg reads an ECG strip without a model. It says where the beats are, what heart
// rate and variability follow from them, whether the rhythm is irregular, and whether the
// signal can be used at all. Two unlike detectors look for the beats, because each fails in
// its own way: the quality is their agreement, times how far the beats stand out of what lies
// between them or how alike they are. Before they look, what is no sample and the spikes of a
// pacemaker are bridged: a rate is over beats that follow each other, and a pause is told.
//
// It promises the same answer for the same samples, and no diagnosis. Ventricular fibrillation
// and flutter have no beats to find and mostly come out as unusable, as noise does; asystole
// and leads that are off are one flat line, also with the spikes of a pacemaker in it. What follows from an answer is for others to say:
// package encoders/record puts heart rate and quality into the log.
package ecg
