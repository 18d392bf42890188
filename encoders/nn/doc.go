// Package nn is the numbers: kernels in plain Go over flat row-major slices,
// float32 to serve and float64 to judge. Outputs come first; shapes stand in the
// comments; dimension letters are B batch, T times, D width, E experts, M
// modalities. A wrong length panics with "nn:": it is a programmer's error,
// which a model loader must not let through.
package nn
