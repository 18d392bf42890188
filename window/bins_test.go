package window_test

import (
	"math"
	"math/big"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"pgregory.net/rapid"
)

// binsOf is the judge of Bins: from the view, one bin after the other, with whole
// numbers of any size.
func binsOf(w *window.Window, asOf, from schemas.Time, channels []schemas.Channel) *window.Bins {
	out := window.NewBins(len(channels))
	origin := (asOf - 1).FloorHour() - 47*schemas.Hour
	view := w.At(asOf, math.MaxUint32, from)
	for i, ch := range channels {
		bins := make([][]window.Point, window.HourBins)
		for _, p := range view.Append(nil, ch) {
			if models := ch.Info().Models; p.EventTime >= origin && models.Has(p.Value) {
				k := min(47, int((p.EventTime-origin)/schemas.Hour))
				bins[k] = append(bins[k], p)
			}
		}
		for k, points := range bins {
			if len(points) > 0 {
				binOf(out, i*window.HourBins+k, ch.Info().Transform, points)
			}
		}
	}
	return out
}

func binOf(out *window.Bins, at int, transform schemas.Transform, points []window.Point) {
	n, sum, squares := big.NewInt(int64(len(points))), new(big.Int), new(big.Int)
	lowest, highest := float32(math.Inf(1)), float32(math.Inf(-1))
	first, last := points[0].EventTime, points[len(points)-1].EventTime
	out.First[at], out.Last[at] = lowest, highest
	for _, p := range points {
		f := transform.Of(p.Value)
		v := big.NewInt(int64(math.RoundToEven(f * (1 << 24))))
		sum.Add(sum, v)
		squares.Add(squares, new(big.Int).Mul(v, v))
		g := float32(f) + 0
		lowest, highest = min(lowest, g), max(highest, g)
		if p.EventTime == first {
			out.First[at] = min(out.First[at], g)
		}
		if p.EventTime == last {
			out.Last[at] = max(out.Last[at], g)
		}
	}
	out.Count[at], out.Min[at], out.Max[at] = float32(len(points)), lowest, highest
	total, _ := new(big.Float).SetInt(sum).Float64()
	out.Mean[at] = float32(total / (float64(len(points)) * (1 << 24)))
	// n squares - sum^2, over n^2
	about := new(big.Int).Sub(new(big.Int).Mul(n, squares), new(big.Int).Mul(sum, sum))
	variance := new(big.Rat).SetFrac(about, new(big.Int).Mul(new(big.Int).Mul(n, n), new(big.Int).Lsh(big.NewInt(1), 48)))
	out.Var[at], _ = variance.Float32()
}

// same bins: all to the bit but the variance, which is rounded a few times.
func diffBins(want, got *window.Bins) string {
	return cmp.Diff(want, got, cmp.FilterPath(func(p cmp.Path) bool { return p.Index(1).String() == ".Var" }, cmpopts.EquateApprox(3e-7, 0)))
}

func TestBinsAreThoseOfTheView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := build(drawCalls.Draw(t, "calls"))
		if rapid.Bool().Draw(t, "reloaded") {
			var err error
			if w, err = window.Load(w.Chunks(nil)); err != nil {
				t.Fatal(err)
			}
		}
		got := window.NewBins(len(modelChannels))
		for range 4 {
			asOf, from := drawTime.Draw(t, "asOf"), drawTime.Draw(t, "from")
			if rapid.Bool().Draw(t, "open") {
				from = asOf - 100*schemas.Hour
			}
			for i := range got.Count { // what an earlier score left
				got.Count[i], got.Mean[i], got.Var[i], got.Min[i], got.Max[i], got.First[i], got.Last[i] = -1, -1, -1, -1, -1, -1, -1
			}
			w.Bins(asOf, from, modelChannels, got)
			if diff := diffBins(binsOf(w, asOf, from, modelChannels), got); diff != "" {
				t.Fatalf("as of %v from %v (-view +bins): %s", asOf, from, diff)
			}
		}
	})
}

// A spread far below the size of the values does not drown, and equal values have none.
func TestVarianceIsExact(t *testing.T) {
	w := window.New()
	for i := range 3600 {
		at := base + schemas.Time(i)*schemas.Second
		w.Add(schemas.Observation{Channel: 1001, EventTime: at, Value: 480000 + float32(i%2)/16}, 1)
		w.Add(schemas.Observation{Channel: 1002, EventTime: at, Value: 0.1}, 1)
	}
	got := window.NewBins(2)
	w.Bins(base+schemas.Hour-1, base, []schemas.Channel{1001, 1002}, got)
	if got.Var[47] != 1.0/1024 || got.Var[95] != 0 || got.Count[47] != 3600 {
		t.Fatalf("variances %v and %v of %v, want %v and 0", got.Var[47], got.Var[95], got.Count[47], 1.0/1024)
	}
}
