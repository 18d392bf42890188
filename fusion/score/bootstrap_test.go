package score

import (
	"math"
	"strconv"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
)

// mean of the predictions, a metric whose sampling error is known.
func mean(p []float64, _ []bool) float64 {
	sum := 0.0
	for _, v := range p {
		sum += v
	}
	return sum / float64(len(p))
}

// drawn is n normal numbers and a patient for every `each` of them.
func drawn(seed uint64, n, each int) (x []float64, y []bool, patient []string) {
	for i := range n {
		x = append(x, nn.Draw{Seed: seed}.Normal(0, uint64(i/each), 0)) // stays of a patient are alike
		y = append(y, i%2 == 0)
		patient = append(patient, strconv.Itoa(i/each))
	}
	return x, y, patient
}

// The interval of a mean of 400 independent numbers is +- 1.96/20; where every patient
// has 4 equal stays there are only 100 numbers, and it must be twice as wide.
func TestIntervalKnowsPatients(t *testing.T) {
	b := Bootstrap{Draws: 2000, Seed: 1}
	width := func(each int) float64 {
		x, y, patient := drawn(3, 400, each)
		i := b.Interval(mean, x, y, patient)
		if !(i.Low < i.Value && i.Value < i.High) || i.Value != mean(x, y) {
			t.Errorf("interval %v", i)
		}
		return i.High - i.Low
	}
	if w := width(1); math.Abs(w-2*1.96/20) > 0.025 {
		t.Errorf("width %v, want 0.196", w)
	}
	if w := width(4); math.Abs(w-2*1.96/10) > 0.07 {
		t.Errorf("width with 4 stays a patient %v, want 0.392", w)
	}
}

// Of 60 samples whose mean is 0, the 95 % interval misses 0 in about 3.
func TestIntervalCovers(t *testing.T) {
	missed := 0
	for seed := range uint64(60) {
		x, y, patient := drawn(100+seed, 80, 1)
		if i := (Bootstrap{Draws: 300, Seed: seed}).Interval(mean, x, y, patient); i.Low > 0 || i.High < 0 {
			missed++
		}
	}
	if missed < 1 || missed > 9 {
		t.Errorf("missed %d of 60, want about 3", missed)
	}
}

// Two models that differ by a constant 0.1 differ by just that in every resample,
// though each mean alone is uncertain.
func TestDifferenceIsPaired(t *testing.T) {
	x, y, patient := drawn(5, 200, 2)
	better := make([]float64, len(x))
	for i, v := range x {
		better[i] = v + 0.1
	}
	d := Bootstrap{Draws: 200, Seed: 1}.Difference(mean, better, x, y, patient)
	for _, v := range []float64{d.Value, d.Low, d.High} {
		if math.Abs(v-0.1) > 1e-9 {
			t.Errorf("difference %v", d)
		}
	}
}

func TestSameSeedSameBits(t *testing.T) {
	p, y := pinned()
	_, _, patient := drawn(1, len(p), 1)
	one := Bootstrap{Draws: 50, Seed: 7}.Interval(AUROC, p, y, patient)
	if again := (Bootstrap{Draws: 50, Seed: 7}).Interval(AUROC, p, y, patient); again != one {
		t.Errorf("%v, then %v", one, again)
	}
	if other := (Bootstrap{Draws: 50, Seed: 8}).Interval(AUROC, p, y, patient); other.Low == one.Low && other.High == one.High {
		t.Error("another seed gives the same interval")
	}
}

// With one death among four patients many resamples have none.
func TestUndefinedResamplesAreCounted(t *testing.T) {
	i := Bootstrap{Draws: 500, Seed: 1}.Interval(AUROC, []float64{0.9, 0.1, 0.2, 0.3}, []bool{true, false, false, false}, []string{"a", "b", "c", "d"})
	if share := float64(i.Undefined) / 500; math.Abs(share-0.32) > 0.1 {
		t.Errorf("%d of 500 undefined, want about (3/4)^4", i.Undefined)
	}
	if i.Value != 1 || i.Low != 1 || i.High != 1 {
		t.Errorf("interval %v", i)
	}
}
