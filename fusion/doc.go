// Package fusion is FuseMoE (Han et al., NeurIPS 2024), a network that fuses irregularly
// sampled data of several modalities, any of which may be missing: multi-time attention
// over series and items, learned embeddings for missing modalities, sparse mixtures of
// experts behind softmax, Laplace and Gaussian gates, and heads for any number of tasks.
//
// A [Config] says what a network is. A [Network] is written once over nn.Tape and is
// generic over float32 and float64: a tape that records trains it and checks its
// gradients, one that does not serves it. A [Model] is a network read from its file,
// which is safetensors with the config as metadata. A [Scratch] holds the memory of one
// goroutine, in which [Model.Predict] takes a micro-batch.
//
// The package promises:
//
//   - A model file is refused with what is wrong in it before anything large is allocated.
//     Every shape is checked at load, so that a served model cannot meet a wrong one.
//   - A prediction depends on the model and the input alone: a stay has the same bits alone
//     and in any batch, whatever was predicted before.
//   - Predict allocates nothing once its scratch has grown to the size of the batch.
//   - All goroutines may share a Model; it never changes.
//
// A model with cells finer than its reference points, such as minutes, serves from sums
// that are kept: the N and Z of a stay's time attention stand in [Sums], in fixed point,
// over one [ScoreTable] of the model. An observation that comes, is corrected or is taken
// back changes its cell's term in them. Order and history leave no trace in the bits, so
// that a prediction is what it would be with sums made anew, which is what Predict does
// where none are kept. With cells of an hour the attention over all cells costs less than
// keeping sums. Which of the two ways a model goes follows from its config. Two more
// things are saved while serving: the first layer of an item is kept ([Model.Project]),
// and the last fusion layer is computed only at the tokens that the head reads.
//
// A [Description] in the file says what the training data looked like: [Drift] holds what is met at
// work against it, a stay unlike all of them gets no probability, and [Model.Interval] says where a
// risk will be once the first 48 hours are known. train.Recipe.Describe makes it.
//
// Two models are in the binary ([Named]). [Shipped] serves where no other is named: it was
// trained on open data, and its file says on what, how it is calibrated by the hours of data,
// where a policy is to alert, and below how many observed channels it gives no number.
// [Untrained] reads more kinds of data and proves the path; its numbers mean nothing, its
// scores carry the mark, and no alert comes from it.
//
// [Model.Drivers] says what a probability owes to each modality, channel and static, by its slopes;
// [Model.Withhold] by asking again without each.
//
//	paper                          here
//	phi(t), time embedding         [TimeEmbedding]
//	mTAND                          [SeriesAttention] over cells, [ItemAttention] over items
//	imputation, UTDE gate          [CarryForward], [LastObservation], [UTDE]
//	embedding of the missing       [Settle]
//	one fusion layer               [Layer]: a [Block] for each modality, one [MoE]
//	joint, per-modality, disjoint  [Joint], [PerModality], [Disjoint]
//	G(x), equations 1 and 2        [GateScores], [TopK]
//	E_i(x)                         [Experts]
//	entropy loss, equation 3       [EntropyLoss]
//
// Where the paper and its published code differ, both are there as settings. Package
// parity holds the config of the published code against its golden vectors, whose weights
// [Network.Published] imports by name. Beyond the paper are the soft cap of scores, value
// functions and intensity, now tokens and the skip.
//
// Shapes stand in brackets, with B stays of a batch, T reference points, D the width of a
// token, H heads, E the width of a time embedding, S experts, N rows.
//
// Left to others: what an input holds (package encoders and those below it), how weights
// are found (fusion/train), how good they are (fusion/score), and what follows from a
// score (package alerts).
package fusion
