// Package parity holds the published network against its golden vectors, piece by
// piece. Every piece is plain Go over the kernels of encoders/nn, generic over
// float32 and float64, written for clarity and not for speed: it is the yardstick
// that the serving code is measured with.
//
// Walk reads a directory of golden vectors (index.json and safetensors files) and
// promises one Result per case, in the order of the index. The same directory
// gives the same bits. Where a file is torn or an index names what is not there,
// Walk returns an error; where a piece cannot be computed, its Result says so.
package parity
