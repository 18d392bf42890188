package training

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// invented are films of noise, of which those with pneumonia have a bright patch on a side.
func invented(n int) []Example {
	list := make([]Example, n)
	for k := range list {
		row := nn.Draw{Seed: 7}.Row(0, uint64(k))
		x := make([]float32, edge*edge)
		for i := range x {
			x[i] = float32(0.3 + 0.2*row.Uniform(uint64(i)))
			if r, c := i/edge, i%edge; k%4 > 0 && r > 8 && r < 20 && (k/4%2 == 0 && c > 4 && c < 12 || k/4%2 == 1 && c > 16 && c < 24) {
				x[i] += 0.4
			}
		}
		list[k] = Example{x, k%4 > 0}
	}
	return list
}

var quick = Settings{Epochs: 3, Batch: 16, Rate: 3e-3, Decay: 0.05, Smooth: 0.03, Seed: 1}

// Networks learn what a patch is, judge only what they have not seen, a repeat counts once, and the
// same films give the same weights however many folds are fitted at a time.
func TestCross(t *testing.T) {
	films := invented(100)
	films = append(films, films[4])
	var weights [2]imaging.Values
	for run, atATime := range []int{1, 2} {
		epochs := 0
		c, judged, err := Cross(films, 2, atATime, quick, func(int, int, float64) error { epochs++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		if epochs != 6 || len(c.Seen) != 100 || judged[100].Fold != -1 || judged[4].Fold != 1 {
			t.Errorf("%d epochs, %d films, %+v", epochs, len(c.Seen), judged[100])
		}
		wrong := 0
		for _, j := range judged[:100] {
			for _, k := range judged[:100] {
				if j.Pneumonia && !k.Pneumonia && j.Fold == k.Fold && j.Logit <= k.Logit {
					wrong++
				}
			}
		}
		if wrong > 200 { // of about 940 pairs
			t.Errorf("%d pairs are the wrong way round", wrong)
		}
		if p := c.Read(films[1].Shades).Probability; !(p > c.Read(films[0].Shades).Probability) {
			t.Errorf("a patch has the probability %v", p)
		}
		weights[run] = slices.Concat(c.Members...)
	}
	if !slices.Equal(weights[0], weights[1]) {
		t.Error("the weights depend on how many folds are fitted at a time")
	}
}

func TestFitsThatCannotBe(t *testing.T) {
	films := invented(30)
	ill := slices.DeleteFunc(slices.Clone(films), func(x Example) bool { return !x.Pneumonia })
	none := func(int, int, float64) error { return nil }
	if _, _, err := Cross(films, 1, 1, quick, none); err == nil || !strings.Contains(err.Error(), "2 folds") {
		t.Error(err)
	}
	if _, _, err := Cross(films[:3], 3, 1, quick, none); err == nil || !strings.Contains(err.Error(), "3 films") {
		t.Error(err)
	}
	if _, _, err := Cross(ill, 2, 1, quick, none); err == nil || !strings.Contains(err.Error(), "some of both") {
		t.Error(err)
	}
	stop := errors.New("stop")
	if _, _, err := Cross(films, 2, 1, quick, func(int, int, float64) error { return stop }); !errors.Is(err, stop) {
		t.Error(err)
	}
}

// A film as another technician would have taken it is one of the same size and range, another for
// each draw and the same for the same.
func TestAugmentedFilms(t *testing.T) {
	x := invented(2)[1].Shades
	rows := []nn.Row{nn.Draw{Seed: 1}.Row(2, 0), nn.Draw{Seed: 1}.Row(2, 1)}
	a, again, b := augmented(x, rows[0]), augmented(x, rows[0]), augmented(x, rows[1])
	if !slices.Equal(a, again) || slices.Equal(a, b) || len(a) != len(x) {
		t.Error("the draw does not decide")
	}
	for _, v := range slices.Concat(a, b) {
		if !(v >= 0 && v <= 1) {
			t.Fatalf("a shade of %v", v)
		}
	}
}

// The order of an epoch has as many films of each answer, and all of the rarer one come as often.
func TestBalancedOrder(t *testing.T) {
	order := make([]int, 60)
	balanced(order, [2][]int{{0, 1, 2}, {3, 4, 5, 6, 7, 8, 9, 10, 11, 12}}, nn.Draw{Seed: 5})
	count := map[int]int{}
	for _, i := range order {
		count[i]++
	}
	for i := range 13 {
		if want := map[bool]int{true: 10, false: 3}[i < 3]; count[i] != want {
			t.Errorf("film %d comes %d times, want %d", i, count[i], want)
		}
	}
}

// The probability is that at even odds, whatever there is more of.
func TestEvenOdds(t *testing.T) {
	var judged []Judged
	for i := range 4000 {
		d := nn.Draw{Seed: 9}.Row(0, uint64(i))
		ill := i%10 > 0
		logit := d.Normal(0)
		if ill {
			logit += 2 // two normal distributions apart by 2: slope 2, and 0 in the middle, at 1
		}
		judged = append(judged, Judged{Logit: logit, Pneumonia: ill})
	}
	intercept, slope := even(judged)
	if math.Abs(slope-2) > 0.25 || math.Abs(intercept+2) > 0.3 {
		t.Errorf("intercept %v and slope %v, want about -2 and 2", intercept, slope)
	}
}
