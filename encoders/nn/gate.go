package nn

import "math"

// TopK writes the indices of the k largest of scores [E] into index [k], the largest
// first and of equal ones the lower index first, and the softmax over those k scores into
// weight [k] (equation 1 of the FuseMoE paper). It looks at all scores k times: E is at
// most a few hundred, and k is small.
func TopK[F Float](index []int, weight, scores []F) {
	if len(index) != len(weight) || len(index) > len(scores) {
		panic("nn: TopK: shapes do not fit")
	}
	for i := range index {
		best := -1
		for j, s := range scores {
			if !taken(index[:i], j) && (best < 0 || s > scores[best]) {
				best = j
			}
		}
		index[i], weight[i] = best, scores[best]
	}
	Softmax(weight)
}

// taken says whether an index was chosen already.
func taken(index []int, j int) bool {
	for _, i := range index {
		if i == j {
			return true
		}
	}
	return false
}

// LaplaceScores sets scores [E] to -||x - c_e||, minus the Euclidean distance of x [D]
// from every centre, where centres is [E][D]: the Laplace gate, equation 2 of the FuseMoE
// paper.
func LaplaceScores[F Float](scores, x, centres []F) {
	d := len(x)
	if len(centres) != len(scores)*d {
		panic("nn: LaplaceScores: shapes do not fit")
	}
	for e := range scores {
		scores[e] = F(-math.Sqrt(squaredDistance(x, centres[e*d:e*d+d])))
	}
}

// GaussianScores sets scores [E] to -||x - c_e||^2, minus the squared distance of x [D]
// from every centre, where centres is [E][D]: the Gaussian gate of the FuseMoE paper.
func GaussianScores[F Float](scores, x, centres []F) {
	d := len(x)
	if len(centres) != len(scores)*d {
		panic("nn: GaussianScores: shapes do not fit")
	}
	for e := range scores {
		scores[e] = F(-squaredDistance(x, centres[e*d:e*d+d]))
	}
}
