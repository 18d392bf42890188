//go:build !amd64

package nn

// Without assembly for this CPU the plain twins do the work, with the same bits.

const vector = false

func expFast([]float32) bool                            { return false }
func sigmoidFast([]float32) bool                        { return false }
func reluFast([]float32) bool                           { return false }
func geluFast([]float32) bool                           { return false }
func geluBackwardFast(_, _, _ []float32) bool           { return false }
func softmaxFast([]float32) bool                        { return false }
func dotFast(_, _ []float32) (float32, bool)            { return 0, false }
func axpyFast(_ []float32, _ float32, _ []float32) bool { return false }
func distanceFast(_, _ []float32) (float64, bool)       { return 0, false }
func layerNormFast(_, _, _, _ []float32) bool           { return false }

func fixedExchangeFast(_ []int64, _ []float32, _, _ float64) int { return 0 }

func sparseFast(_, _, _ []float32, _, _ int) bool { return false }

func tilesFast(_ []float32, _ int, _ []float32, _, _ int, _ []float32, _, _, _, _, _ int) bool {
	return false
}
