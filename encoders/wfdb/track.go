package wfdb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// track is one signal file, whose frames hold samples of some of a record's signals.
type track struct {
	file    *file
	format  int
	signals []int // in the header
	headers []SignalHeader
	begins  []int // of each signal in a frame
	width   int   // samples in a frame
	frames  int64
	decode  decoder

	// raw are decoded frames from first on, one after another.
	raw   []int32
	first int64
	// summed is how many frames from the begin are in sums.
	summed int64
	sums   []uint16
}

// decoder gives the frames of a file in order.
type decoder interface {
	// next fills dst with whole frames.
	next(dst []int32) error
	// seek goes to a frame and says to which: one from which it can be reached in order.
	seek(frame int64) (int64, error)
}

// blockSamples is how many samples are decoded at a time.
const blockSamples = 1 << 14

// openTrack opens the file of the signals; frames is 0 where the file is to say how many it has.
func openTrack(fsys fs.FS, dir string, all []SignalHeader, signals []int, frames int64) (*track, error) {
	t := &track{signals: signals, format: all[signals[0]].Format}
	offset := all[signals[0]].Offset
	for _, i := range signals {
		s := all[i]
		if s.Format != t.format {
			return nil, fmt.Errorf("signal %q in %s has format %d, want %d as the first of this file", s.Name, s.File, s.Format, t.format)
		}
		if s.Offset != 0 && s.Offset != offset {
			return nil, fmt.Errorf("signal %q in %s begins at byte %d, want %d as the first of this file", s.Name, s.File, s.Offset, offset)
		}
		t.headers = append(t.headers, s)
		t.begins = append(t.begins, t.width)
		t.width += s.PerFrame
	}
	var err error
	if t.file, err = openFile(fsys, beside(dir, t.headers[0].File)); err != nil {
		return nil, err
	}
	held, err := t.openDecoder(offset)
	if err != nil {
		t.file.Close()
		return nil, fmt.Errorf("%s: %w", t.file.name, err)
	}
	t.frames = frames
	if frames == 0 {
		t.frames = held
	}
	if held < t.frames {
		t.file.Close()
		return nil, fmt.Errorf("%s holds %d frames of %d samples in %d bytes, want %d as the header says", t.file.name, held, t.width, t.file.size, t.frames)
	}
	t.sums = make([]uint16, len(signals))
	return t, nil
}

// openDecoder makes the decoder and says how many frames the file holds.
func (t *track) openDecoder(offset int64) (held int64, err error) {
	if isFLAC(t.format) {
		d, err := newFLAC(t, offset)
		if err != nil {
			return 0, err
		}
		t.decode = d
		return d.held, nil
	}
	if offset > t.file.size {
		return 0, fmt.Errorf("has %d bytes, want more than %d, where the samples begin", t.file.size, offset)
	}
	l := layouts[t.format]
	plain := &plain{file: t.file, layout: l, offset: offset, width: int64(t.width)}
	t.decode = plain
	if t.format == 8 {
		t.decode = newDifferences(plain, t)
	}
	return l.fit(t.file.size-offset) / int64(t.width), nil
}

// fill makes the frames [from, to) those of raw.
func (t *track) fill(from, to int64) error {
	w := int64(t.width)
	end := t.first + int64(len(t.raw))/w
	if from < t.first || from > end {
		at, err := t.decode.seek(from)
		if err != nil {
			return fmt.Errorf("%s: %w", t.file.name, err)
		}
		t.raw, t.first, end = t.raw[:0], at, at
	}
	for {
		if drop := min(from, end) - t.first; drop > 0 {
			t.raw = t.raw[:copy(t.raw, t.raw[drop*w:])]
			t.first += drop
		}
		if end >= to {
			return nil
		}
		n := min(max(1, blockSamples/w), to-end)
		t.raw = append(t.raw, make([]int32, n*w)...)
		block := t.raw[int64(len(t.raw))-n*w:]
		if err := t.decode.next(block); err != nil {
			t.raw = t.raw[:int64(len(t.raw))-n*w]
			if errors.Is(err, io.EOF) {
				err = fmt.Errorf("ends within frames %d to %d, want %d frames", end, end+n, t.frames)
			}
			return fmt.Errorf("%s: %w", t.file.name, err)
		}
		if err := t.sum(end, block); err != nil {
			return err
		}
		end += n
	}
}

// sum adds frames to the checksums, and holds these against the header's behind the last frame.
// Where some frames were skipped there is nothing to hold.
func (t *track) sum(first int64, block []int32) error {
	if first == 0 {
		t.summed = 0
		clear(t.sums)
	}
	if first != t.summed {
		return nil
	}
	for ; len(block) > 0; block = block[t.width:] {
		for k, begin := range t.begins {
			for _, v := range block[begin : begin+t.headers[k].PerFrame] {
				t.sums[k] += uint16(v)
			}
		}
		t.summed++
	}
	if t.summed < t.frames {
		return nil
	}
	for k, s := range t.headers {
		if s.Checksum != 0 && s.Checksum != t.sums[k] {
			return fmt.Errorf("%s: signal %q has checksum %d, want %d as the header says: a sample is not what was written", t.file.name, s.Name, int16(t.sums[k]), int16(s.Checksum))
		}
	}
	return nil
}

// read fills the chunk's samples of these signals with n frames from first on, into places
// from at on, counted in frames.
func (t *track) read(samples [][]int32, at int, first int64, n int) error {
	low, high := t.headers[0].Skew, t.headers[0].Skew
	for _, s := range t.headers {
		low, high = min(low, s.Skew), max(high, s.Skew)
	}
	from := min(first+int64(low), t.frames)
	if to := min(first+int64(n+high), t.frames); from < to {
		if err := t.fill(from, to); err != nil {
			return err
		}
	}
	for k, s := range t.headers {
		into := samples[t.signals[k]]
		if into == nil {
			continue // nobody wants it
		}
		into = into[at*s.PerFrame : (at+n)*s.PerFrame]
		have := min(int64(n), max(0, t.frames-first-int64(s.Skew)))
		for f := range have {
			raw := t.raw[(first+f+int64(s.Skew)-t.first)*int64(t.width)+int64(t.begins[k]):]
			copy(into[int(f)*s.PerFrame:], raw[:s.PerFrame])
		}
		markMissing(into[:int(have)*s.PerFrame], t.format)
		fillMissing(into[int(have)*s.PerFrame:])
	}
	return nil
}

// plain decodes a format whose every sample can be reached at once.
type plain struct {
	file   *file
	layout *layout
	offset int64
	width  int64
	at     int64 // the next sample
	bytes  []byte
	groups []int32
}

func (p *plain) seek(frame int64) (int64, error) {
	p.at = frame * p.width
	return frame, nil
}

func (p *plain) next(dst []int32) error {
	per := int64(p.layout.samples)
	group := p.at / per
	end := p.at + int64(len(dst))
	groups := (end+per-1)/per - group
	from, to := group*int64(p.layout.bytes), p.layout.size(end)
	size := groups * int64(p.layout.bytes)
	if int64(cap(p.bytes)) < size {
		p.bytes = make([]byte, size)
	}
	p.bytes = p.bytes[:size]
	n, err := p.file.ReadAt(p.bytes[:to-from], p.offset+from)
	if int64(n) < to-from {
		if err == nil {
			err = io.EOF
		}
		return err
	}
	clear(p.bytes[n:])
	if per == 1 {
		p.layout.decode(dst, p.bytes)
	} else {
		if int64(cap(p.groups)) < groups*per {
			p.groups = make([]int32, groups*per)
		}
		p.groups = p.groups[:groups*per]
		p.layout.decode(p.groups, p.bytes)
		copy(dst, p.groups[p.at-group*per:])
	}
	p.at = end
	return nil
}

// differences decodes format 8: each sample is told by how much it differs from the one before.
type differences struct {
	plain   *plain
	signal  []int // of each sample in a frame
	initial []int32
	value   []int32
}

func newDifferences(p *plain, t *track) *differences {
	d := &differences{plain: p}
	for k, s := range t.headers {
		d.initial = append(d.initial, int32(s.Initial))
		for range s.PerFrame {
			d.signal = append(d.signal, k)
		}
	}
	d.value = append(d.value, d.initial...)
	return d
}

// seek always goes to the begin, since a value is known only by all before it.
func (d *differences) seek(int64) (int64, error) {
	copy(d.value, d.initial)
	return d.plain.seek(0)
}

func (d *differences) next(dst []int32) error {
	if err := d.plain.next(dst); err != nil {
		return err
	}
	for i := range dst {
		k := d.signal[i%len(d.signal)]
		d.value[k] += dst[i]
		dst[i] = d.value[k]
	}
	return nil
}
