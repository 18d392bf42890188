package fusion

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/encoders"
)

// paperSize is the token form of the paper's network: D 128, 8 heads, 48 points, 16
// experts of 512, top 4, three modalities (30 channels, notes, images).
func paperSize(layers int) *Config {
	c := &Config{
		Format: Format, Name: "paper",
		Modalities: []Modality{{Name: "vital", Kind: KindSeries}, {Name: "imaging", Kind: KindItems, Width: 1024}, {Name: "notes", Kind: KindItems, Width: 768}},
		Points:     48, Cells: 48, Reference: ReferenceEnds, TimeWidth: 64, TimeHeads: 8, SoftCap: true,
		Values: ValuesID, Seen: true, Regular: Published, UTDE: GateStay,
		Width: 128, Layers: layers, Heads: 8, FFN: 512, Scaled: true, Missing: MissingLearned, Pool: PoolLast,
		Form: FormToken, Router: Joint, Gate: Laplace, Experts: 16, TopK: 4, Hidden: 512, Expert: ExpertFFN, BalanceOf: Published,
		Tasks: []Task{{Name: "mortality", Kind: TaskBinary, Weight: 1}},
	}
	for _, ch := range typical[:30] {
		ch.Modality = "vital"
		c.Channels = append(c.Channels, ch)
	}
	return c
}

// cpuTime is what the process has computed so far: on a shared machine it says more than
// the clock.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPaperSize is one prediction of the paper-size token network on one core, at
// micro-batches of 1, 4 and 16 stays: ms and GF/s of core time, allocations. Items are
// projected anew in each; their operations are not counted.
func BenchmarkPaperSize(b *testing.B) {
	for _, layers := range []int{2, 3} {
		m := drawn(b, paperSize(layers), 1)
		for _, batch := range []int{1, 4, 16} {
			b.Run(fmt.Sprintf("layers=%d/batch=%d", layers, batch), func(b *testing.B) {
				s, out := NewScratch(m), make([]float32, batch)
				var in []*encoders.Input
				for i := range batch {
					in = append(in, invented(m.Shape(), uint64(i)))
				}
				m.Predict(s, in, out)
				b.ReportAllocs()
				begin := cpuTime()
				for b.Loop() {
					m.Predict(s, in, out)
				}
				each := float64(cpuTime()-begin) / float64(b.N*batch)
				b.ReportMetric(each/1e6, "ms/prediction")
				b.ReportMetric(float64(m.Config().FLOP())/each, "GF/s")
			})
		}
	}
}
