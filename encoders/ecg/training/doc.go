// Package training fits the classifier of ECG strips to annotated recordings, and tells what it is
// worth on patients that it has not seen. The same recordings give the same weights.
//
// [Cross] can fit a network in each fold too, to learn whether the samples tell more of ectopic
// beats than the features do: four convolutions over time of what a lead shows from 1.4 s before
// an R peak to 0.8 s behind it, and of how that differs from the mean of the strip's beats; the
// logits of a beat are the mean over its leads, those of a strip are of the beat that most looks
// it. On 16 records of the MIT-BIH Arrhythmia Database (15 patients, five folds, 2,880 strips)
// `vigil encoders train ecg DIR --network` prints these areas under the ROC curve, with the
// difference of the last two over 1,000 resamples of the patients:
//
//	   trees  network  mean of both  mean less trees
//	V  0.982  0.960    0.983         +0.0006 (-0.0129 to +0.0063)
//	S  0.838  0.783    0.851         +0.0131 (-0.0240 to +0.0697)
//
// The network is worse than the trees alone. The mean of both is better by less than what the
// choice of the patients makes of it, and with seeds of 101 and on for the networks it was 0.980
// and 0.843: it is not shown to be better for others. The network is not in the program, and the
// encoder of strips is the trees. It would have 21,754 weights (87
// kB) and BenchmarkNetwork has what it would cost: about 0.5 ms for a strip of 11 beats in a lead.
// Its settings were the first that were tried; with more patients it may come out otherwise.
package training
