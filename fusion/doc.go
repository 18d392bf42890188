// Package fusion is FuseMoE (Han et al., NeurIPS 2024): multi-time attention over
// irregular series, learned embeddings for missing modalities, sparse mixtures of
// experts behind softmax, Laplace and Gaussian gates, and heads for any number of tasks
// on any number of modalities.
//
// A [Config] says what a network is. A [Network] is written once over nn.Tape, generic
// over float32 and float64: a tape that records trains it and checks its gradients, one
// that does not serves it. A [Model] is a network read from its file, safetensors with
// the config as metadata; every shape is checked at load, so that a served model cannot
// meet a wrong one. A [Scratch] holds the memory of one goroutine; [Model.Predict] takes
// a micro-batch, allocates nothing, depends on nothing but the model and the input, and
// gives a stay the same bits alone and in any company.
//
// Served online: where cells are finer than the reference points (minutes), N and Z of a
// stay's time attention are kept as [Sums] in fixed point over one [ScoreTable] of the
// model. An observation that comes, is corrected or is taken back changes its cell's term
// in them; order and history leave no trace in the bits, so a prediction is what it would
// be with the sums made anew, which is what Predict does where none are kept. With cells
// of hours the attention over all cells costs less than to keep sums. A model goes one of
// the two ways, always. The first layer of an item is kept ([Model.Project]), and the last
// layer is worked out only at the tokens that the head reads.
//
// The shipped file is untrained: it proves the path, its numbers mean nothing, its
// scores carry the mark, and no alert comes from it.
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
// Where paper and published code differ, both are there as settings: the config of the
// published code is what package parity holds against its golden vectors, with
// [Network.Published] to import its weights by name. Beyond the paper are the soft cap
// of scores, value functions and intensity, now tokens and the skip.
package fusion
