// Package boost is gradient boosting of small trees for questions with two answers (Friedman,
// "Greedy function approximation: a gradient boosting machine", Annals of Statistics 2001; the
// second-order form of Chen and Guestrin, KDD 2016, over binned features). It serves where a
// few dozen features of a signal are to be weighed and no network is worth it.
//
// Fitting promises the same trees for the same rows and settings. A feature that is NaN is not
// known, and goes the way that the training found best.
package boost
