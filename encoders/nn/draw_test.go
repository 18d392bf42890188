package nn

import (
	"fmt"
	"math"
	"sort"
	"testing"
)

// A number depends on its coordinates alone; another row is another sequence.
func ExampleDraw() {
	d := Draw{Seed: 1, Step: 7}
	row := d.Row(3, 42)
	fmt.Println(row.Uniform(5) == d.Uniform(3, 42, 5), row.Uniform(5) == d.Uniform(3, 43, 5))
	fmt.Printf("%.6f %.6f\n", d.Uniform(3, 42, 5), d.Normal(3, 42, 5))
	// Output:
	// true false
	// 0.453828 0.636629
}

// walks vary one coordinate by steps of 1 and hold the rest: each must be as good a
// sequence as the index itself, since batches count rows, steps and streams up.
var walks = map[string]func(i uint64) float64{
	"index":  func(i uint64) float64 { return Draw{1, 2}.Uniform(3, 4, i) },
	"row":    func(i uint64) float64 { return Draw{1, 2}.Uniform(3, i, 4) },
	"stream": func(i uint64) float64 { return Draw{1, 2}.Uniform(i, 3, 4) },
	"step":   func(i uint64) float64 { return Draw{1, i}.Uniform(2, 3, 4) },
	"seed":   func(i uint64) float64 { return Draw{i, 1}.Uniform(2, 3, 4) },
	"large":  func(i uint64) float64 { return Draw{1, 2}.Uniform(3, 4, math.MaxUint64-i) },
}

const walked = 1 << 16

// Chi-squared over 256 cells has mean 255 and sd 22.6; 5 sd either way.
func TestDrawIsUniform(t *testing.T) {
	for name, at := range walks {
		var cells [256]float64
		for i := range uint64(walked) {
			u := at(i)
			if !(u >= 0 && u < 1) {
				t.Fatalf("%s: %v is not in [0, 1)", name, u)
			}
			cells[int(u*256)]++
		}
		if c := chi(cells[:], walked); math.Abs(c-255) > 5*22.6 {
			t.Errorf("%s: chi-squared %.1f, want 255 +- 113", name, c)
		}
	}
}

// Neighbours in any coordinate, and equal places of two walks, fill the square of
// 16 x 16 cells evenly: no pair tells of the other.
func TestDrawStreamsAreIndependent(t *testing.T) {
	pair := func(name string, a, b func(i uint64) float64) {
		var cells [256]float64
		for i := range uint64(walked) {
			cells[int(a(i)*16)*16+int(b(i)*16)]++
		}
		if c := chi(cells[:], walked); math.Abs(c-255) > 5*22.6 {
			t.Errorf("%s: chi-squared %.1f, want 255 +- 113", name, c)
		}
	}
	for name, at := range walks {
		pair(name+" and the next", at, func(i uint64) float64 { return at(i + 1) })
	}
	d := Draw{5, 6}
	at := func(d Draw, stream, row uint64) func(uint64) float64 {
		return func(i uint64) float64 { return d.Uniform(stream, row, i) }
	}
	pair("rows 0 and 1", at(d, 0, 0), at(d, 0, 1))
	pair("streams 0 and 1", at(d, 0, 0), at(d, 1, 0))
	pair("stream and row exchanged", at(d, 0, 1), at(d, 1, 0))
	pair("steps 6 and 7", at(d, 0, 0), at(Draw{5, 7}, 0, 0))
	pair("seeds 5 and 6", at(d, 0, 0), at(Draw{6, 6}, 0, 0))
	pair("seed and step exchanged", at(d, 0, 0), at(Draw{6, 5}, 0, 0))
	pair("uniform and normal of one row", at(d, 0, 0), func(i uint64) float64 {
		return 0.5 * math.Erfc(-d.Normal(1, 0, i)/math.Sqrt2)
	})
}

// chi is the chi-squared statistic of counts that should all be the same.
func chi(cells []float64, n float64) float64 {
	want, sum := n/float64(len(cells)), 0.0
	for _, c := range cells {
		sum += (c - want) * (c - want) / want
	}
	return sum
}

// Kolmogorov and Smirnov's distance to the normal: 1.95/sqrt(n) is passed once in
// 1,000 seeds, and this is one seed.
func TestNormalIsNormal(t *testing.T) {
	r := Draw{8, 9}.Row(1, 2)
	x := make([]float64, walked)
	for i := range x {
		x[i] = r.Normal(uint64(i))
	}
	sort.Float64s(x)
	worst := 0.0
	for i, v := range x {
		p := 0.5 * math.Erfc(-v/math.Sqrt2)
		worst = max(worst, p-float64(i)/walked, float64(i+1)/walked-p)
	}
	if limit := 1.95 / math.Sqrt(walked); worst > limit {
		t.Errorf("distance %v, want at most %v", worst, limit)
	}
}

func TestKeep(t *testing.T) {
	r := Draw{1, 1}.Row(0, 0)
	keep := make([]float32, walked)
	Keep(keep, r, 0, 0.3)
	sum := 0.0
	for _, k := range keep {
		if k != 0 && k != float32(1/0.7) {
			t.Fatalf("factor %v", k)
		}
		sum += float64(k)
	}
	if mean := sum / walked; math.Abs(mean-1) > 5*math.Sqrt(0.3/0.7/walked) {
		t.Errorf("mean factor %v, want 1", mean)
	}
	part := make([]float32, 10)
	Keep(part, r, 100, 0.3)
	for i, k := range part {
		if k != keep[100+i] {
			t.Errorf("element %d depends on where the call began", 100+i)
		}
	}
	Keep(keep, r, 0, 0)
	for _, k := range keep {
		if k != 1 {
			t.Fatalf("without dropout a factor is %v", k)
		}
	}
}

func BenchmarkKeep(b *testing.B) {
	keep := make([]float32, 4096)
	b.SetBytes(int64(4 * len(keep)))
	for i := range b.N {
		Keep(keep, Draw{1, 2}.Row(3, uint64(i)), 0, 0.2)
	}
}
