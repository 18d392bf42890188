// Package fusion is FuseMoE (Han et al., NeurIPS 2024) made to serve: multi-time
// attention over irregular series, learned embeddings for missing modalities, a
// sparse mixture of experts behind a Laplace gate, and heads for mortality,
// decompensation, length of stay and 25 phenotypes.
//
// A [Model] is immutable and read from one safetensors file; every shape is
// checked at load, so that a served model cannot meet a wrong one. A [Scratch]
// holds the buffers of one goroutine; [Model.Predict] allocates nothing, depends
// on nothing but the model and the input, and gives the same bits on every call.
//
// The form served here is `token`: one MoE per layer over the joined modalities at
// each reference point. The shipped file is untrained: it proves the path, its
// numbers mean nothing, its scores carry the mark, and no alert comes from it.
//
//	paper                         here
//	r_j, reference points         the 48 ends of the window's hours
//	phi(t), time embedding        nn.TimeEmbedding
//	mTAND                         nn.TimeAttention over hour bins and one score table per head
//	UTDE gate                     gate.*: interpolation against carried-forward values
//	z_missing                     missing
//	g(x) = -||x - w_i||           nn.LaplaceScores, nn.TopK
//	E_i(x)                        experts.*: x + W2 GELU(W1 x)
package fusion
