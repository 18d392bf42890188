package classifier

import (
	"fmt"
	"math"
	"testing"

	"github.com/vigil-icu/vigil/encoders/ecg"
	"github.com/vigil-icu/vigil/schemas"
)

// BenchmarkMonitoring is ten seconds of an ICU: how long one core needs for the strips of so many
// patients, by heart rate and quality, and by all findings. Less than 20 s are real time on two.
func BenchmarkMonitoring(b *testing.B) {
	for _, load := range []struct {
		patients, leads int
		rate            float64
	}{{1000, 1, 250}, {100, 3, 500}} {
		s := &schemas.Strip{RateHz: load.rate, Gain: 0.005}
		for range load.leads {
			x := make([]int16, int(10*load.rate))
			for i := range x {
				at := math.Mod(float64(i)/load.rate, 0.8) - 0.4
				x[i] = int16(400*math.Exp(-at*at/(2*0.012*0.012)) + 5*math.Sin(float64(i)))
			}
			s.Leads, s.Samples = append(s.Leads, "II"), append(s.Samples, x)
		}
		name := fmt.Sprintf("patients=%d/leads=%d/hz=%.0f", load.patients, load.leads, load.rate)
		b.Run(name+"/rate", func(b *testing.B) {
			var a ecg.Analyser
			for b.Loop() {
				for range load.patients {
					a.Analyse(s)
				}
			}
		})
		b.Run(name+"/findings", func(b *testing.B) {
			r := NewReader(Shipped())
			for b.Loop() {
				for range load.patients {
					r.Read(s)
				}
			}
		})
	}
}
