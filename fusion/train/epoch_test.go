package train

import (
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// BenchmarkEpoch is the recipe of PhysioNet 2012 on set a: 12 steps of 64 stays, with
// everything that a step has, told as an epoch of 4,000 stays. CPU seconds are those of
// all cores together; PyTorch took 11 to 12 s of one core for the same.
func BenchmarkEpoch(b *testing.B) {
	const steps, epoch = 12, 63
	r, err := ReadRecipe("physionet2012", []string{"teacher.weight=0", "data.test=[]", "split.test=0.25", "training.epochs=1"})
	if err != nil {
		b.Fatal(err)
	}
	p, err := r.NewPlan(b.Context(), Paths{Data: []string{filepath.Join(opendata.Dir(b), "physionet2012")}}, 1)
	if err != nil {
		b.Fatal(err)
	}
	p.Stays.Train = p.Stays.Train[:steps*r.Training.Batch]
	for _, threads := range []int{1, 2} {
		b.Run("threads="+strconv.Itoa(threads), func(b *testing.B) {
			before, start := cpuTime(b), time.Now()
			for range b.N {
				l := loopOf(p)
				l.Threads = threads
				if _, err := l.Run(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			epochs := float64(b.N) * steps / epoch
			b.ReportMetric(time.Since(start).Seconds()/epochs, "s/epoch")
			b.ReportMetric((cpuTime(b)-before).Seconds()/epochs, "cpu-s/epoch")
		})
	}
}

func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
