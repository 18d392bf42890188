// Package network says what passes between Vigil and a neural network that somebody else has
// trained: named tensors, and the signature by which a network says which it takes and gives. A
// network may run in this process (encoders/onnx) or on a server (encoders/remote); whoever fills
// its inputs (encoders/modelfolder) cannot tell.
//
// It promises that a network with another signature than the one that is needed is refused with
// both, what was found and what was expected, and that no shape that anybody declares makes
// memory grow before it was judged.
//
// Left to others: what the numbers of a tensor mean, and how a network is run.
package network
