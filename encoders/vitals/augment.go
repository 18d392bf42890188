package vitals

import (
	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/nn"
)

// Thin drops each (channel, hour) of a series with probability rate, which teaches a model
// that values go missing. row is one row of counted random numbers, so that an example is
// thinned the same way on any number of cores. The statistics of an input are to be made
// anew after it.
func Thin(s *encoders.Series, rate float64, row nn.Row) {
	wide := s.Cells / encoders.Bins // how many cells an hour has
	for c := range s.Channels {
		for hour := range encoders.Bins {
			if row.Uniform(uint64(c*encoders.Bins+hour)) >= rate {
				continue
			}
			for i := hour * wide; i < (hour+1)*wide; i++ {
				s.Drop(c, i)
			}
		}
	}
}

// Shorten makes an input what it was when the stay had the given hours of data: the later
// hours go, the others move to the end of the window, and the first ones are empty. An input
// of fewer hours stays as it is. The statistics are to be made anew after it.
func Shorten(in *encoders.Input, hours int) {
	by := int(in.Hours) - hours
	if by <= 0 {
		return
	}
	in.Hours = float32(hours)
	in.Series.Shift(by * in.Series.Cells / encoders.Bins)
	for i := range in.Items {
		in.Items[i].Shift(float32(by) / encoders.Bins)
	}
}
