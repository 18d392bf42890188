// Package nn holds the numerics that the encoders and the fusion network are made of:
// kernels over flat row-major slices with their gradients beside them, named parameters,
// a reverse-mode tape, an optimiser, and random numbers that are a function of where they
// are used. float32 serves and trains; float64 judges, in gradient checks and against
// golden vectors.
//
// Conventions hold for all kernels. The output is the first argument. The shape of a
// slice stands in brackets behind its name, with the letters R rows, N outputs or
// elements, K inputs, D width, E experts, T times. A backward kernel adds to the
// gradients that are there and never sets them. A slice of the wrong length panics with a
// message that begins with "nn:", because it is an error of the program; whoever reads
// shapes from a file must check them first.
//
// Where the CPU has AVX2 and FMA (products also by AVX-512), float32 is computed in assembly, which the program in
// avo writes (go generate; it is a module of its own). Every kernel in assembly has a
// plain twin in Go, and the twins do the work on other CPUs, or where the environment has
// VIGIL_KERNELS=plain when the process starts.
//
// A [Tape] over [Params] runs kernels as a network: forward, and backward if it records.
// Package gradient checks its gradients against differences.
//
// The package promises:
//
//   - Assembly and twin give the same bits for every input; only a NaN may differ, in its
//     payload. The twins round as fused instructions do, without having them. So products,
//     sums and activations in float32 do not depend on the machine. What goes by a function
//     of package math in float64 and is rounded then (the sines of [TimeEmbedding], the
//     tanh of [SoftCap]) may, where that function does.
//   - An element of a product is one chain of fused multiply-adds over k in ascending order.
//     A row therefore has the same bits in a batch of any size, and by every form of the
//     product ([Gemm], [LinearRows], [PackedLinear]).
//   - A sum along a row goes into 8 running sums that are added up as a tree ([Sum]). Its
//     order depends on the length alone.
//   - Exp is within 1 ulp of the exact value, and GELU within 2^-23 of max(1, |x|).
//   - Memory is allocated only by [Pack], by the constructors, and by a tape that records or
//     grows. No product is skipped because a factor is 0, so NaN and Inf show up.
//   - float64 uses math.Exp and math.Erf, and its bits may differ between machines.
//
// What a network computes is left to package fusion, and how a model is fitted to package
// fusion/train; nothing here knows of patients, files or goroutines.
package nn
