// Package nn is the numbers: kernels over flat row-major slices, float32 to serve and
// to train, float64 to judge, forward and backward side by side. Outputs come first;
// shapes stand in the comments; dimension letters are B batch, T times, D width, E
// experts, M modalities. Gradients are added to what is there. A wrong length panics
// with "nn:": it is a programmer's error, which a model loader must not let through.
//
// Where the CPU has AVX2 and FMA, float32 is done in assembly, written by the program
// in avo (go generate; a module of its own). Everything in assembly has a plain twin
// in Go, and the environment VIGIL_KERNELS=plain, read at the start, takes the twins.
//
// A [Tape] over [Params] runs the kernels as a network, forward and, if it records,
// backward; package gradient checks what it says.
//
// What holds:
//
//   - Assembly and twin give the same bits, for all inputs: 0 ulp, only a NaN may
//     differ in its payload. The twins round as the fused instructions do, without
//     having them. So a result in float32 does not depend on the machine.
//   - An element of a product is one chain of fused multiplications and additions
//     over k in ascending order. A row's bits are the same in any batch, and the same
//     by every form of the product ([Gemm], [LinearRows], [Packed]).
//   - Sums along a row go in 8 running sums, added up as a tree ([Sum]): the order
//     depends on the length alone.
//   - Exp is within 1 ulp, GELU within 2^-23 of max(1, |x|), of the exact value.
//   - Nothing is allocated but by [Pack] and a tape that records or grows; nothing is
//     skipped for being 0.
//   - float64 goes by math.Exp and math.Erf and is promised to no bit.
package nn
