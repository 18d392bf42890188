// Package parity holds the layers of package fusion, as they train and serve, against
// golden vectors of the published network: outputs in float64 and in float32, gradients
// in float64, piece by piece and as a whole network whose weights are imported by name.
//
// [Walk] reads a directory of golden vectors (index.json and safetensors files) and
// promises one [Result] for each case, in the order of the index. The same directory
// gives the same bits. Sizes come from the vectors. Where a file is torn, or an index
// names what is not there, Walk returns an error; where a piece cannot be computed, its
// Result says so.
//
// How a group of cases is computed stands with the part of the network that it is of:
// attention.go has the time attention and what comes before the gate of the two branches,
// mixture.go the gates, experts, losses and the fusion layer, network.go the whole. None
// of them computes anything that package fusion does not, but for what the published
// loader does before its network.
//
// Who made the vectors, and what the published code does that ours does not, is left to
// the notes beside the vectors. The tests hold a plain twin of every piece, written for
// clarity, row after row, against the same vectors.
package parity
