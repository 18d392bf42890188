// Package classifier tells how likely an ECG strip shows ectopic beats of the ventricles, early
// beats from above them, and fibrillation or flutter of the atria: boosted trees over the features
// that package ecg tells of each beat and of the rhythm. Its weights are in the program; they were
// fitted by `vigil encoders train ecg` on records of the MIT-BIH Arrhythmia Database, see NOTICE.md.
//
// [Reader.Encode] is the encoder of strips: findings under their names for the log, and a vector of
// numbers for a network, whose centres and scales come from the same records. A strip that cannot
// be used has neither; it says how poor it is.
//
// A probability is no diagnosis, and none is given for a strip in which no beats can be told.
package classifier
