// Package onnx runs neural networks of a site's own in this process, by ONNX Runtime: a shared
// library that is loaded while the program runs, without cgo. A machine without the library, and a
// program that was built static, has everything else of Vigil; what they say then names the mend.
//
// It promises that a network's file is read, and refused where it names other files, operators that
// the library does not bring itself, or tensors beyond all bounds, before the library sees it
// ([Inspect]); and that a run ends with its context. The library computes on one thread for each
// run and does not spin, since it shares its cores with the streams.
//
// A network is a program in a language of its own: whoever writes it decides how much memory and time
// its run takes. Take one only from somebody whose program you would run too.
//
// Left to others: what a network is fed with and what its numbers mean (encoders/modelfolder).
package onnx
