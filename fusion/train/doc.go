// Package train fits a model. A [Problem] is weights, examples and a loss on an
// [nn.Tape]; a [Loop] takes it through epochs of shuffled batches with AdamW, a learning
// rate that warms up and falls in a cosine, clipping, and a running average of the
// weights, which is the model.
//
// A [Recipe] is a strict YAML file that names data, split, network, losses, augmentation
// and teacher. [Recipe.NewPlan] reads the data and makes the problem of it ([Stays]).
// [Plan.Judge] scores what the loop found on stays that training never saw, and the
// [Record] in the model file says how the model came about.
//
// A recipe with folds is trained in two stages. The first makes a model for each fold, which
// learns from the others; the second makes the model itself, which is taught, calibrated and
// given thresholds by what those say of stays that they have not seen. A model that is to be
// asked during a whole stay learns from examples at many hours, each as it was known then, of
// which one a stay is drawn in each epoch, and is judged hour by hour ([Plan.JudgeHours]).
//
// Examples of recorded stays come from [Load]: a source's patients take the way of a
// replay (plan, log records, window, view), and a [Cohort] says at which moments, with
// which labels. Scales and edges are fitted to the examples of the training part
// ([Set.FitScales], [Set.FitEdges]), and parts are made by patient ([Set.Folds]).
//
// The package promises:
//
//   - The same problem, settings and seed give the same bits on any number of cores. A batch
//     is cut into a fixed number of shards, each on a tape of its own, whose gradients are
//     added in the order of the shards; random numbers are those of [nn.Draw].
//   - A run may be cut at any step: [Loop.Run] then returns a [Cut], and with Resume goes on
//     from the checkpoint to the very bits of a run that was not cut. A checkpoint is written
//     whole or not at all, and one that is torn, changed, or of another recipe, seed or data
//     is refused.
//   - What [Set.Fill] makes of an example are the bits that serving reads at that moment.
//   - Training sees no patient of the test part, and nothing that was not known at the
//     moment of an example, unless a recipe says that it wants charted values.
//   - A record vouches for patients, stays, moments and labels of each part by a SHA-256, and
//     lists whom the model has learned from ([Seen]).
//   - A loss or gradient that is no number ends the run with the step, the batch and the
//     examples. Nothing in a record depends on the machine or the hour.
//
// Left to others: what the network computes (package fusion), what a score is
// (fusion/score), how a directory of any data is read (fusion/fleximodal), and where the
// time and the output of a run go (the caller).
package train
