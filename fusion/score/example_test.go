package score_test

import (
	"fmt"

	"github.com/vigil-icu/vigil/fusion/score"
)

// Five patients, the second with two stays: a ranking and its interval.
func Example() {
	predicted := []float64{0.9, 0.8, 0.7, 0.4, 0.3, 0.1}
	died := []bool{true, false, true, false, false, false}
	patient := []string{"p1", "p2", "p2", "p3", "p4", "p5"}
	fmt.Printf("%.3f %.3f\n", score.AUROC(predicted, died), score.AveragePrecision(predicted, died))
	fmt.Println(score.Bootstrap{Draws: 1000, Seed: 1}.Interval(score.Brier, predicted, died, patient))
	// Output:
	// 0.875 0.833
	// 0.1667 (0.0260 to 0.2950)
}
