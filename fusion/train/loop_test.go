package train

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// hash of all that a run gives.
func hash(r *Result) string {
	h := sha256.New()
	for _, w := range r.Weights {
		fmt.Fprintf(h, "%08x", math.Float32bits(w))
	}
	for _, p := range r.Curve {
		fmt.Fprintf(h, "%+v%+v", p.Loss, p.Norm)
		if p.Validation != nil {
			fmt.Fprintf(h, "%+v", *p.Validation)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

func mustRun(t *testing.T, l *Loop) *Result {
	t.Helper()
	r, err := l.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLoopLearns(t *testing.T) {
	s := quick()
	s.Epochs = 30
	l := &Loop{Problem: newRings(510, 200, 1), Settings: s, Seed: 1, Threads: 1} // 20 batches and one of 10
	r := mustRun(t, l)
	first, last := r.Curve[0], r.Curve[len(r.Curve)-1]
	if len(r.Curve) != 30 || last.Step != 30*21 || r.Epoch != 30 {
		t.Fatalf("%d epochs, last %+v", len(r.Curve), last)
	}
	if last.Loss > 0.7*first.Loss || last.Validation.AUROC < 0.93 || last.Validation.AUPRC < 0.9 {
		t.Errorf("loss %.3f to %.3f, validation %+v", first.Loss, last.Loss, *last.Validation)
	}
}

// The shards' gradients are added in the shards' order: how many are computed at the
// same time, and on how many cores, is not in the bits. The seed is.
func TestSameSeedSameBits(t *testing.T) {
	run := func(seed uint64, threads int) string {
		s := quick()
		s.Shards, s.Epochs = 3, 4
		return hash(mustRun(t, &Loop{Problem: newRings(310, 50, 1), Settings: s, Seed: seed, Threads: threads}))
	}
	want := run(1, 1)
	before := runtime.GOMAXPROCS(1)
	single := run(1, 3)
	runtime.GOMAXPROCS(max(2, before))
	double := run(1, 3)
	runtime.GOMAXPROCS(before)
	if single != want || double != want {
		t.Errorf("one core and one thread %s, one core %s, two %s", want, single, double)
	}
	if run(2, 1) == want {
		t.Error("another seed gives the same bits")
	}
}

// Shards are a way to compute a batch: their sum is the batch's loss, but for rounding.
func TestShardsAddUpToTheBatch(t *testing.T) {
	losses := func(shards int) (list []float64) {
		s := quick()
		s.Shards, s.Epochs = shards, 2
		mustRun(t, &Loop{
			Problem: newRings(100, 0, 1), Settings: s, Seed: 1, Threads: 1,
			Progress: func(p Progress) { list = append(list, p.Loss) },
		})
		return list
	}
	one, four := losses(1), losses(4)
	for i := range one {
		if math.Abs(one[i]-four[i]) > 1e-4 {
			t.Errorf("step %d: loss %v in one piece, %v in four", i+1, one[i], four[i])
		}
	}
}

// A run cut after any step, and again in the next, ends with the bits of one that was
// not; with early stopping, whose best weights are part of the state, too.
func TestResumeIsExact(t *testing.T) {
	for name, patience := range map[string]int{"all epochs": 0, "early stopping": 2} {
		t.Run(name, func(t *testing.T) {
			s := quick()
			s.Epochs, s.Patience, s.Batch = 5, patience, 30
			loop := func(dir string) *Loop {
				return &Loop{
					Problem: newRings(100, 60, 3), Settings: s, Seed: 4, Threads: 2,
					Checkpoint: filepath.Join(dir, "checkpoint"), Signature: "rings",
				}
			}
			whole := mustRun(t, loop(t.TempDir()))
			want := hash(whole)
			for after := range whole.Curve[len(whole.Curve)-1].Step {
				dir, cuts := t.TempDir(), 0
				for resume, limit := false, after; ; resume, limit = true, limit+7 {
					l := loop(dir)
					ctx, cancel := context.WithCancel(t.Context())
					if limit == 0 {
						cancel()
					}
					l.Resume, l.Progress = resume, func(p Progress) {
						if p.Step == limit {
							cancel()
						}
					}
					r, err := l.Run(ctx)
					cancel()
					var cut *Cut
					if errors.As(err, &cut) {
						cuts++
						if cut.Step != limit || cut.Checkpoint == "" || !errors.Is(err, context.Canceled) {
							t.Fatalf("cut after %d: %v", limit, err)
						}
						continue
					}
					if err != nil {
						t.Fatal(err)
					}
					if got := hash(r); got != want {
						t.Errorf("cut after %d: another model", after)
					}
					break
				}
				if cuts == 0 {
					t.Errorf("the run was never cut after step %d", after)
				}
			}
		})
	}
}

// Checkpoints by the clock do not wait for the end: a run killed between two goes on
// from the one before.
func TestCheckpointsByTheClock(t *testing.T) {
	path := filepath.Join(t.TempDir(), "checkpoint")
	s := quick()
	s.Epochs = 2
	clock := time.Unix(0, 0)
	loop := func() *Loop {
		return &Loop{
			Problem: newRings(100, 0, 3), Settings: s, Threads: 1, Checkpoint: path, Signature: "rings",
			Every: 3 * time.Second, Now: func() time.Time { return clock },
		}
	}
	l := loop()
	var seen []int
	l.Progress = func(p Progress) {
		if _, err := os.Stat(path); err == nil {
			seen = append(seen, p.Step)
			_ = os.Remove(path)
		}
		clock = clock.Add(time.Second)
	}
	want := hash(mustRun(t, l))
	if fmt.Sprint(seen) != "[4 7]" { // written after steps 3 and 6
		t.Errorf("checkpoints were seen at steps %v", seen)
	}
	l = loop()
	l.Progress = func(p Progress) {
		clock = clock.Add(time.Second)
		if p.Step == 5 {
			panic("killed")
		}
	}
	func() {
		defer func() { _ = recover() }()
		_, _ = l.Run(t.Context())
	}()
	l = loop()
	l.Resume = true
	if got := hash(mustRun(t, l)); got != want {
		t.Error("resumed from the clock's checkpoint it is another model")
	}
}

func TestEarlyStoppingKeepsTheBest(t *testing.T) {
	s := quick()
	s.Epochs, s.Patience, s.Average = 60, 3, 0
	s.Rate, s.Floor = 0.1, 1 // rough, so that it does not rise to the end
	r := mustRun(t, &Loop{Problem: newRings(60, 100, 2), Settings: s, Threads: 1})
	best := 0
	for i, p := range r.Curve {
		if p.Validation.AUPRC > r.Curve[best].Validation.AUPRC {
			best = i
		}
	}
	if len(r.Curve) == 60 || r.Epoch != best+1 || len(r.Curve) != r.Epoch+3 {
		t.Fatalf("%d epochs, the model is of epoch %d, the best is %d", len(r.Curve), r.Epoch, best+1)
	}
	problem := newRings(60, 100, 2)
	copy(problem.params.Values, r.Weights)
	v, _ := problem.Validate(t.Context(), &problem.params)
	if v.AUPRC != r.Curve[best].Validation.AUPRC {
		t.Errorf("the model kept scores %v, the best epoch %v", v.AUPRC, r.Curve[best].Validation.AUPRC)
	}
}

func TestNaNStopsWithItsPlace(t *testing.T) {
	problem := newRings(100, 0, 1)
	problem.poison = 17
	_, err := (&Loop{Problem: problem, Settings: quick(), Threads: 2}).Run(t.Context())
	if err == nil {
		t.Fatal("a NaN went unseen")
	}
	for _, want := range []string{"the loss is NaN", "epoch 1", "batch ", "of 4", "17", "lower the rate"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
	s := quick()
	s.Rate, s.Clip, s.Warmup = 9, 0, 0
	problem = newRings(100, 0, 1)
	problem.x[0] = [2]float32{1e30, 1e30} // the loss is finite, the square of its gradient is not
	if _, err = (&Loop{Problem: problem, Settings: s, Threads: 1}).Run(t.Context()); err == nil || !strings.Contains(err.Error(), "but its gradient has the norm") {
		t.Errorf("overflow: %v", err)
	}
}

func TestLoopRefuses(t *testing.T) {
	broken := newRings(10, 5, 1)
	broken.broken = errors.New("no death among the validation stays")
	bad := quick()
	bad.Rate, bad.Shards, bad.Beta1 = -1, 0, 1
	for want, l := range map[string]*Loop{
		"no example":                  {Problem: newRings(0, 5, 1), Settings: quick()},
		"no death among":              {Problem: broken, Settings: quick()},
		"rate is -1":                  {Problem: newRings(10, 0, 1), Settings: bad},
		"shards is 0, want":           {Problem: newRings(10, 0, 1), Settings: bad},
		"beta1 is 1, want 0 up":       {Problem: newRings(10, 0, 1), Settings: bad},
		"no checkpoint nowhere/at":    {Problem: newRings(10, 0, 1), Settings: quick(), Resume: true, Checkpoint: "nowhere/at"},
		"without --resume training b": {Problem: newRings(10, 0, 1), Settings: quick(), Resume: true, Checkpoint: "nowhere/at"},
	} {
		if _, err := l.Run(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// Every epoch sees every example once, in another order, and each order is as likely
// as another: place 0 is taken evenly.
func TestShuffled(t *testing.T) {
	counts := make([]int, 10)
	before := ""
	for epoch := range 2000 {
		order := shuffled(nil, 10, drawOf(7, epoch))
		seen := make([]bool, 10)
		for _, e := range order {
			if seen[e] {
				t.Fatalf("epoch %d: %v", epoch, order)
			}
			seen[e] = true
		}
		if s := fmt.Sprint(order); s == before {
			t.Errorf("epoch %d has the order of the one before", epoch)
		} else {
			before = s
		}
		counts[order[0]]++
	}
	for e, n := range counts {
		if math.Abs(float64(n)-200) > 5*math.Sqrt(2000*0.09) {
			t.Errorf("example %d was first %d times of 2000, want 200", e, n)
		}
	}
}
