// Package train fits a model. A [Problem] is weights, examples and a loss on an
// [nn.Tape]; a [Loop] takes it through epochs of shuffled batches with AdamW, warm-up
// and cosine, clipping and a running average of the weights, which is the model.
//
// A batch is cut into a fixed number of shards, each on a tape of its own, and their
// gradients are added in the order of the shards. Random numbers are those of [nn.Draw].
// So the same problem, settings and seed give the same bits on any number of cores.
//
// A run may be cut at any step: [Loop.Run] then returns a [Cut], and with Resume goes
// on from the checkpoint to the very bits of a run that was not cut. A checkpoint is
// written whole or not at all, and one that is torn, changed, or of another recipe,
// seed or data is refused. A loss or gradient that is no number ends the run with the
// step, the batch and the examples.
//
// Examples of recorded stays come from [Load]: a source's patients take the way of a
// replay (plan, log records, window, view), and a [Cohort] says at which moments, with
// which labels. What [Set.Fill] makes of an example are the bits that serving reads at
// that moment. Scales and edges are fitted to the examples of the training part
// ([Set.FitScales], [Set.FitEdges]), and parts are made by patient ([Set.Folds]).
//
// A [Recipe] is a strict YAML file that names data, split, network, losses, augmentation
// and teacher; [Recipe.NewPlan] reads the data and makes the problem of it ([Stays]).
// Training sees no patient of the test part. The [Record] in the model file says how the
// model came about, and nothing of the machine or the hour.
package train
