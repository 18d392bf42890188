// Package parity holds the layers of package fusion, as they train and serve, against
// golden vectors of the published network: outputs in float64 and float32, gradients in
// float64, piece by piece and as a whole network whose weights are imported by name.
//
// [Walk] reads a directory of golden vectors (index.json and safetensors files) and
// promises one [Result] per case, in the order of the index. The same directory gives
// the same bits. Sizes come from the vectors. Where a file is torn or an index names
// what is not there, Walk returns an error; where a piece cannot be computed, its Result
// says so.
//
// The tests hold a plain twin of every piece against the same vectors, written for
// clarity, row after row.
package parity
