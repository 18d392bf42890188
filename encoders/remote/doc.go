// Package remote asks servers for what the networks of a site give: KServe's open inference protocol
// over HTTP and gRPC (Triton, KServe, NVIDIA NIM), Text Embeddings Inference, and embeddings in the form
// of OpenAI's, which several servers speak.
//
// A note that is sent to a server leaves this process. So nothing is sent but to hosts that are on
// the list of those allowed, which is empty unless somebody fills it ([Access]); by TLS, unless the
// server is this machine; not by way of a proxy or to where an answer redirects. Every question has a
// deadline. A server that fails is left alone for a while, which grows up to a minute (a circuit
// breaker). No error quotes what was sent or answered, since servers repeat what they are asked.
//
// A server that does not answer is network.ErrAway; the caller may ask again. Any other error will
// be the same the next time.
//
// Left to others: which server has which encoder, and what is done with an item that was not encoded.
package remote
