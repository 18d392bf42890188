package nn

import "math"

// TopK writes the indices of the k largest scores into index [k], the largest
// first, ties to the lower index, and the softmax over those k scores into weight
// [k].
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

func taken(index []int, j int) bool {
	for _, i := range index {
		if i == j {
			return true
		}
	}
	return false
}

// LaplaceScores sets scores [E] to minus the Euclidean distance of x [D] from each
// centre [E][D] (FuseMoE, the Laplace gate).
func LaplaceScores[F Float](scores, x, centres []F) {
	d := len(x)
	if len(centres) != len(scores)*d {
		panic("nn: LaplaceScores: shapes do not fit")
	}
	for e := range scores {
		scores[e] = F(-math.Sqrt(squaredDistance(x, centres[e*d:e*d+d])))
	}
}

// GaussianScores sets scores [E] to minus the squared distance of x [D] from each centre
// [E][D] (FuseMoE, the Gaussian gate).
func GaussianScores[F Float](scores, x, centres []F) {
	d := len(x)
	if len(centres) != len(scores)*d {
		panic("nn: GaussianScores: shapes do not fit")
	}
	for e := range scores {
		scores[e] = F(-squaredDistance(x, centres[e*d:e*d+d]))
	}
}
