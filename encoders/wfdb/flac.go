package wfdb

import (
	"errors"
	"fmt"
	"io"

	"github.com/mewkiz/flac"
	"github.com/mewkiz/flac/frame"
)

// flacStream decodes the formats 508, 516 and 524: a FLAC file with a channel for each signal.
type flacStream struct {
	track   *track
	offset  int64
	held    int64
	stream  *flac.Stream
	block   *frame.Frame
	at      int // the next sample of each channel of the block
	samples int // in the block
}

func newFLAC(t *track, offset int64) (*flacStream, error) {
	f := &flacStream{track: t, offset: offset}
	per := t.headers[0].PerFrame
	for _, s := range t.headers {
		if s.PerFrame != per {
			return nil, fmt.Errorf("signal %q has %d samples a frame, want %d: all channels of FLAC have as many", s.Name, s.PerFrame, per)
		}
	}
	if err := f.begin(); err != nil {
		return nil, err
	}
	info := f.stream.Info
	if int(info.NChannels) != len(t.headers) {
		return nil, fmt.Errorf("has %d FLAC channels, want %d, one a signal", info.NChannels, len(t.headers))
	}
	if bits := t.format - 500; int(info.BitsPerSample) > bits {
		return nil, fmt.Errorf("has FLAC samples of %d bits, want %d in format %d", info.BitsPerSample, bits, t.format)
	}
	if info.NSamples == 0 {
		return nil, errors.New("says 0 for its number of FLAC samples, want how many there are")
	}
	if info.NSamples > maxFrames {
		return nil, fmt.Errorf("says %d for its number of FLAC samples, want at most %d", info.NSamples, int64(maxFrames))
	}
	f.held = int64(info.NSamples) / int64(per)
	return f, nil
}

// begin opens the stream at its first sample.
func (f *flacStream) begin() (err error) {
	defer noPanic(&err)
	f.block, f.at, f.samples = nil, 0, 0
	f.stream, err = flac.New(io.NewSectionReader(f.track.file, f.offset, f.track.file.size-f.offset))
	if err != nil {
		return fmt.Errorf("no FLAC: %w", err)
	}
	return nil
}

// noPanic makes an error of a panic of the library, which a damaged file might cause.
func noPanic(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("damaged FLAC: %v", p)
	}
}

func (f *flacStream) seek(int64) (int64, error) { return 0, f.begin() }

func (f *flacStream) next(dst []int32) (err error) {
	defer noPanic(&err)
	channels := len(f.track.headers)
	per := f.track.headers[0].PerFrame
	for tick := range len(dst) / channels {
		for f.at == f.samples {
			if err := f.parse(); err != nil {
				return err
			}
		}
		place := tick/per*f.track.width + tick%per
		for k, sub := range f.block.Subframes {
			dst[place+k*per] = sub.Samples[f.at]
		}
		f.at++
	}
	return nil
}

// parse decodes the next block.
func (f *flacStream) parse() error {
	block, err := f.stream.ParseNext()
	if err != nil {
		if errors.Is(err, io.EOF) {
			return io.EOF
		}
		return fmt.Errorf("damaged FLAC: %w", err)
	}
	if len(block.Subframes) != len(f.track.headers) {
		return fmt.Errorf("damaged FLAC: a block of %d channels, want %d", len(block.Subframes), len(f.track.headers))
	}
	f.block, f.at, f.samples = block, 0, len(block.Subframes[0].Samples)
	for _, sub := range block.Subframes {
		if len(sub.Samples) != f.samples {
			return fmt.Errorf("damaged FLAC: channels of %d and %d samples in a block", f.samples, len(sub.Samples))
		}
	}
	return nil
}
