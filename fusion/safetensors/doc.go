// Package safetensors reads and writes the file form of that name: 8 bytes with the length
// of the header, little-endian; the header, a JSON object that gives each tensor's type,
// shape and place; the tensors' elements, row-major and little-endian. Model files are
// written in it, and so are the golden vectors of package parity. The form is that of
// https://github.com/huggingface/safetensors.
//
// Reading is strict, since a file comes from outside: a length or shape that the file
// cannot hold fails before anything is allocated for it, no byte of the data is outside a
// tensor and none is in two. Whether a file has the right tensors, and whether their
// numbers make sense, is for the caller to say.
package safetensors
