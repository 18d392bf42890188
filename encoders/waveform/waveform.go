package waveform

import "math"

// Missing is a sample that was not taken: a gap, a code for "no sample", a signal that is not
// there for a while.
const Missing = math.MinInt32

// Signal is one signal of a recording.
type Signal struct {
	Name string
	Unit string
	// PerFrame is how many samples it has in each frame.
	PerFrame int
	// Gain is how many units of the converter make one physical unit, and Baseline is the
	// sample that is physically zero.
	Gain, Baseline float64
}

// Physical is a sample in the signal's unit, NaN for one that is missing.
func (s *Signal) Physical(sample int32) float64 {
	if sample == Missing {
		return math.NaN()
	}
	return (float64(sample) - s.Baseline) / s.Gain
}

// Chunk is a stretch of a recording. It may be handed to a reader again, which uses its memory.
type Chunk struct {
	// First is the number of the first frame, Frames how many there are.
	First  int64
	Frames int
	// Seconds is when the first frame is, from the begin of the recording on. Between chunks time
	// may pass of which nothing was recorded; within one it does not.
	Seconds float64
	// Samples has those of each signal, Frames times its PerFrame.
	Samples [][]int32
}

// Reset makes room for frames from first on.
func (c *Chunk) Reset(signals []Signal, first int64, frames int) {
	c.First, c.Frames = first, frames
	for len(c.Samples) < len(signals) {
		c.Samples = append(c.Samples, nil)
	}
	c.Samples = c.Samples[:len(signals)]
	for i := range signals {
		n := frames * signals[i].PerFrame
		if cap(c.Samples[i]) < n {
			c.Samples[i] = make([]int32, n)
		}
		c.Samples[i] = c.Samples[i][:n]
	}
}

// Reader gives the frames of a recording one after another.
type Reader interface {
	Signals() []Signal
	// FrameRate is how many frames there are in a second.
	FrameRate() float64
	// Next fills the chunk with up to so many frames. Behind the last one it returns io.EOF.
	Next(c *Chunk, frames int) error
}

// FrameMeans appends the mean of each frame to dst, rounded to the nearest number and a half
// upwards. A frame of which a sample is missing is missing.
func FrameMeans(dst, samples []int32, perFrame int) []int32 {
	for ; len(samples) >= perFrame; samples = samples[perFrame:] {
		dst = append(dst, frameMean(samples[:perFrame]))
	}
	return dst
}

func frameMean(frame []int32) int32 {
	var sum int64
	for _, v := range frame {
		if v == Missing {
			return Missing
		}
		sum += int64(v)
	}
	n := int64(len(frame))
	// The nearest number is the floor of (2 sum + n) / 2n.
	twice, mean := 2*sum+n, (2*sum+n)/(2*n)
	if twice < 0 && twice%(2*n) != 0 {
		mean--
	}
	return int32(mean)
}
