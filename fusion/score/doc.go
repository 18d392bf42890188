// Package score says how good predicted probabilities are: AUROC, AUPRC in both forms of
// the literature, F1, Brier score and calibration, over one task or many, with intervals
// by resampling patients.
//
// A [Metric] is a function of predictions [N] and outcomes [N]; where it has no value, as
// an AUROC without deaths, it is NaN. Ties are right: predictions that are equal share
// one threshold. A [Bootstrap] resamples whole patients, since the stays of one patient
// are not independent; two models are compared on the same resamples. The same seed gives
// the same bits.
//
// Two numbers are called AUPRC. [AveragePrecision] is the sum of precisions at the steps
// of recall, without interpolation (scikit-learn's average_precision_score, and what the
// challenge literature means today); it is what Vigil prints as AUPRC. [TrapezoidPRC]
// joins the points of the curve by straight lines (scikit-learn's auc over
// precision_recall_curve, as the FuseMoE code does); it is too optimistic (Davis and
// Goadrich 2006) and is here to stand beside published tables.
//
// Which stays are scored, and on which labels, is left to the caller.
package score
