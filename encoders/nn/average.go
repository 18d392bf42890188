package nn

// Average moves the average [N] of weights a step towards the weights [N]:
// exponential, with factor min(decay, it/(it+10)) at step it = 1, 2, .., so that the
// first steps are soon forgotten.
func Average[F Float](average, weights []F, decay float64, it int) {
	if len(average) != len(weights) {
		panic("nn: Average: shapes do not fit")
	}
	toward := F(1 - min(decay, float64(it)/float64(it+10)))
	for i, w := range weights {
		average[i] += F(toward * (w - average[i]))
	}
}
