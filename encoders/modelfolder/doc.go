// Package modelfolder reads an encoder of a site's own from a folder: encoder.json, which says what
// it is and how its network is fed, beside it the network or the address of a server that has it,
// the tokenizer of a text encoder, and golden vectors.
//
// It promises that an encoder gives the vectors that its maker saw, or does not serve: the network's
// bytes have the hash that stands in encoder.json, its signature is the one that the settings ask
// for, and it gives the golden vectors of the folder for the golden inputs ([Encoder.Verify]). What
// does not fit is refused with found and expected. Nothing is guessed: a strip of three leads is no
// input of a network for twelve. No file outside the folder is opened, and every size is judged
// before memory is taken.
//
// An item that cannot be encoded now, because a server is away, is [ErrAway]: it may be tried again.
// One that this encoder will never encode is [ErrUnfit].
//
// Left to others: to run a network (encoders/onnx, encoders/remote), and what the log and the model
// make of a vector.
package modelfolder
