// Package lab repeats the paper's experiment on how fast a mixture of experts learns
// its parameters (figure 3, appendices I and J of Han et al., NeurIPS 2024): samples
// of a known mixture, fits by EM, and the slope of the error over the sample's size.
// The paper plots the Laplace gate; here softmax stands beside it.
//
// [Rivalry] holds FuseMoE against a network of as many parameters without experts, on any
// data with a manifest.
//
// [Convergence] promises the same bits for the same [Settings] on any number of
// threads. What the paper leaves open is said where it is chosen: [Truth], [Paper],
// [Compare].
package lab
