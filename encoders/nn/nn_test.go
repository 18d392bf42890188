package nn

import (
	"fmt"
	"math"
	"testing"
)

// The two nearest experts share the token; ties go to the lower index.
func ExampleTopK() {
	scores := make([]float64, 3)
	LaplaceScores(scores, []float64{1, 0}, []float64{1, 0 /**/, 0, 0 /**/, 9, 9})
	index, weight := make([]int, 2), make([]float64, 2)
	TopK(index, weight, scores)
	fmt.Printf("%v %.2f\n", index, weight)
	// Output: [0 1] [0.73 0.27]
}

func TestTopKTies(t *testing.T) {
	index, weight := make([]int, 2), make([]float32, 2)
	TopK(index, weight, []float32{1, 3, 3, 3})
	if index[0] != 1 || index[1] != 2 || weight[0] != 0.5 {
		t.Errorf("%v %v", index, weight)
	}
}

func TestSoftmaxAndNorm(t *testing.T) {
	x := []float32{1000, 1001, 999}
	Softmax(x)
	if sum := x[0] + x[1] + x[2]; math.Abs(float64(sum-1)) > 1e-6 || !(x[1] > x[0] && x[0] > x[2]) {
		t.Errorf("softmax %v", x)
	}
	out := make([]float64, 3)
	LayerNorm(out, []float64{1, 2, 3}, []float64{1, 1, 1}, []float64{0, 0, 1})
	if math.Abs(out[0]+1.2247) > 1e-3 || math.Abs(out[1]) > 1e-9 || math.Abs(out[2]-2.2247) > 1e-3 {
		t.Errorf("layer norm %v", out)
	}
	g := []float64{-1, 0, 2}
	GELU(g)
	if math.Abs(g[0]+0.158655) > 1e-5 || g[1] != 0 || math.Abs(g[2]-1.954500) > 1e-5 {
		t.Errorf("GELU %v", g)
	}
}

func TestWrongShapesPanic(t *testing.T) {
	for name, f := range map[string]func(){
		"Linear":        func() { Linear(make([]float32, 2), make([]float32, 3), make([]float32, 2), make([]float32, 2)) },
		"LayerNorm":     func() { LayerNorm(make([]float32, 2), make([]float32, 3), make([]float32, 3), make([]float32, 3)) },
		"TopK":          func() { TopK(make([]int, 3), make([]float32, 3), make([]float32, 2)) },
		"LaplaceScores": func() { LaplaceScores(make([]float32, 2), make([]float32, 2), make([]float32, 3)) },
		"TimeEmbedding": func() { TimeEmbedding(make([]float32, 2), 0, make([]float32, 3), make([]float32, 2)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s takes a wrong shape", name)
				}
			}()
			f()
		}()
	}
}
