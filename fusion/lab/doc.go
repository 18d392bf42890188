// Package lab holds experiments beside the product.
//
// [Convergence] repeats the paper's experiment on how fast a mixture of experts learns
// its parameters (figure 3, appendices I and J of Han et al., NeurIPS 2024): samples of a
// known mixture, fits by EM, and the slope of the error over the size of the sample. The
// paper plots the Laplace gate; here softmax stands beside it. [Rivalry] holds FuseMoE
// against a network of as many parameters without experts, on any data with a manifest.
//
// Both promise the same bits for the same settings on any number of threads. What the
// paper leaves open is said where it is chosen: [Truth], [Paper], [Compare]. Nothing of
// this package serves; the model that does is that of package fusion.
package lab
