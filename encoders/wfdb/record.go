package wfdb

import (
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"sort"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// Record is an open record, from which frames are read one after another. It is for one goroutine
// at a time.
type Record struct {
	Header  *Header
	signals []waveform.Signal
	frames  int64
	at      int64

	whole *part // of a record without segments

	// Of a record with segments:
	fsys    fs.FS
	dir     string
	starts  []int64 // of each segment, in frames
	current int     // the open segment, -1 for none
	open    *part
	mapped  []int // for each signal the one in the open segment, -1 where it has none
}

// part is a record without segments, or a segment.
type part struct {
	header *Header
	frames int64
	tracks []*track
	dark   []int // signals without samples
}

// Open opens the record NAME, which may have a folder in front.
func Open(fsys fs.FS, name string) (*Record, error) {
	h, err := ReadHeader(fsys, name)
	if err != nil {
		return nil, err
	}
	r := &Record{Header: h, fsys: fsys, dir: path.Dir(name), current: -1}
	if len(h.Segments) > 0 {
		return r, r.openSegments(name)
	}
	if r.whole, err = openPart(fsys, r.dir, h, h.Frames); err != nil {
		return nil, fmt.Errorf("record %s: %w", name, err)
	}
	r.frames = r.whole.frames
	r.signals = signalsOf(h)
	return r, nil
}

// beside is the path of a file in a folder.
func beside(dir, file string) string { return path.Join(dir, file) }

func signalsOf(h *Header) []waveform.Signal {
	var list []waveform.Signal
	for _, s := range h.Signals {
		list = append(list, waveform.Signal{Name: s.Name, Unit: s.Unit, PerFrame: s.PerFrame, Gain: s.Gain, Baseline: float64(s.Baseline)})
	}
	return list
}

// openPart opens the signal files of a header, each of so many frames, or if that is 0 of as many
// as the shortest has.
func openPart(fsys fs.FS, dir string, h *Header, frames int64) (_ *part, err error) {
	p := &part{header: h, frames: frames}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	for i := 0; i < len(h.Signals); {
		from, s := i, h.Signals[i]
		var in []int
		for ; i < len(h.Signals) && h.Signals[i].File == s.File; i++ {
			in = append(in, i)
		}
		if s.Format == 0 || s.File == "~" {
			p.dark = append(p.dark, in...)
			continue
		}
		if slices.ContainsFunc(h.Signals[:from], func(o SignalHeader) bool { return o.File == s.File }) {
			return nil, fmt.Errorf("signal %q is in %s, of which other signals are not listed next to it", s.Name, s.File)
		}
		t, err := openTrack(fsys, dir, h.Signals, in, frames)
		if err != nil {
			return nil, err
		}
		p.tracks = append(p.tracks, t)
	}
	if frames == 0 && len(p.tracks) > 0 {
		p.frames = p.tracks[0].frames
		for _, t := range p.tracks {
			p.frames = min(p.frames, t.frames)
		}
	}
	return p, nil
}

func (p *part) close() {
	for _, t := range p.tracks {
		t.file.Close()
	}
}

// read fills n frames from first on into samples, from place at on, counted in frames.
func (p *part) read(samples [][]int32, at int, first int64, n int) error {
	for _, t := range p.tracks {
		if err := t.read(samples, at, first, n); err != nil {
			return err
		}
	}
	for _, i := range p.dark {
		if into := samples[i]; into != nil {
			per := p.header.Signals[i].PerFrame
			fillMissing(into[at*per : (at+n)*per])
		}
	}
	return nil
}

func fillMissing(samples []int32) {
	for i := range samples {
		samples[i] = waveform.Missing
	}
}

// openSegments finds out which signals a record with segments has: those of its layout, which is
// a first segment without frames, or else those of its first segment.
func (r *Record) openSegments(name string) error {
	h := r.Header
	var at int64
	from := ""
	for _, s := range h.Segments {
		r.starts = append(r.starts, at)
		at += s.Frames
		if from == "" && s.Name != "~" {
			from = s.Name
		}
	}
	r.frames = at
	if from == "" {
		return fmt.Errorf("%s.hea: all segments are gaps, want one that says which signals there are", name)
	}
	first, err := ReadHeader(r.fsys, beside(r.dir, from))
	if err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	if len(first.Segments) > 0 {
		return fmt.Errorf("%s.hea: segment %s has segments itself, want one of signals", name, from)
	}
	r.signals = signalsOf(first)
	return nil
}

// variable says whether the segments may have other signals than the layout.
func (r *Record) variable() bool { return r.Header.Segments[0].Frames == 0 }

// Signals are those of the record.
func (r *Record) Signals() []waveform.Signal { return r.signals }

// FrameRate is how many frames there are in a second.
func (r *Record) FrameRate() float64 { return r.Header.FrameRate }

// Frames is the length of the record.
func (r *Record) Frames() int64 { return r.frames }

// Goto makes a frame the next one.
func (r *Record) Goto(frame int64) error {
	if frame < 0 || frame > r.frames {
		return fmt.Errorf("record %s has %d frames, there is no frame %d", r.Header.Name, r.frames, frame)
	}
	r.at = frame
	return nil
}

// chunkSamples is how many samples a chunk has at most.
const chunkSamples = 1 << 18

// Next fills the chunk with up to so many frames; fewer come at the end, and where frames are
// wide. Behind the last frame it returns io.EOF.
func (r *Record) Next(c *waveform.Chunk, frames int) error {
	if r.at >= r.frames {
		return io.EOF
	}
	width := 1
	for i := range r.signals {
		width += r.signals[i].PerFrame
	}
	n := int(min(int64(max(frames, 1)), r.frames-r.at, int64(max(1, chunkSamples/width))))
	c.Reset(r.signals, r.at, n)
	c.Seconds = float64(r.at) / r.Header.FrameRate
	var err error
	if r.whole != nil {
		err = r.whole.read(c.Samples, 0, r.at, n)
	} else {
		err = r.readSegments(c, n)
	}
	if err != nil {
		return fmt.Errorf("record %s: %w", r.Header.Name, err)
	}
	r.at += int64(n)
	return nil
}

// readSegments fills the chunk from all segments that it lies in.
func (r *Record) readSegments(c *waveform.Chunk, frames int) error {
	for done := 0; done < frames; {
		at := r.at + int64(done)
		k := sort.Search(len(r.starts), func(i int) bool { return r.starts[i] > at }) - 1
		segment := r.Header.Segments[k]
		n := int(min(int64(frames-done), r.starts[k]+segment.Frames-at))
		if err := r.enter(k); err != nil {
			return err
		}
		if err := r.readSegment(c, done, at-r.starts[k], n); err != nil {
			return fmt.Errorf("segment %s: %w", segment.Name, err)
		}
		done += n
	}
	return nil
}

// enter opens segment k, and closes the one that was open.
func (r *Record) enter(k int) error {
	if r.current == k {
		return nil
	}
	r.leave()
	segment := r.Header.Segments[k]
	if segment.Name == "~" {
		r.current = k
		return nil
	}
	h, err := ReadHeader(r.fsys, beside(r.dir, segment.Name))
	if err != nil {
		return err
	}
	switch {
	case len(h.Segments) > 0:
		return fmt.Errorf("segment %s has segments itself, want one of signals", segment.Name)
	case h.Frames != 0 && h.Frames != segment.Frames:
		return fmt.Errorf("segment %s has %d frames, want %d as the record lists it", segment.Name, h.Frames, segment.Frames)
	case h.FrameRate != r.Header.FrameRate:
		return fmt.Errorf("segment %s has %v frames in a second, want %v as the record", segment.Name, h.FrameRate, r.Header.FrameRate)
	}
	if err := r.mapSignals(h); err != nil {
		return fmt.Errorf("segment %s: %w", segment.Name, err)
	}
	if r.open, err = openPart(r.fsys, r.dir, h, segment.Frames); err != nil {
		return fmt.Errorf("segment %s: %w", segment.Name, err)
	}
	r.current = k
	return nil
}

func (r *Record) leave() {
	if r.open != nil {
		r.open.close()
	}
	r.open, r.current = nil, -1
}

// mapSignals finds each of the record's signals in a segment: by name where the layout is
// variable, and else by place.
func (r *Record) mapSignals(h *Header) error {
	if !r.variable() && len(h.Signals) != len(r.signals) {
		return fmt.Errorf("%d signals, want %d as in the first segment", len(h.Signals), len(r.signals))
	}
	r.mapped = r.mapped[:0]
	for i := range r.signals {
		at := i
		if r.variable() {
			at = slices.IndexFunc(h.Signals, func(s SignalHeader) bool { return s.Name == r.signals[i].Name })
		}
		r.mapped = append(r.mapped, at)
		if at < 0 {
			continue
		}
		s := &h.Signals[at]
		if s.PerFrame != r.signals[i].PerFrame {
			return fmt.Errorf("signal %q has %d samples a frame, want %d as in the layout", s.Name, s.PerFrame, r.signals[i].PerFrame)
		}
		if s.Unit != r.signals[i].Unit {
			return fmt.Errorf("signal %q is in %q, want %q as in the layout", s.Name, s.Unit, r.signals[i].Unit)
		}
	}
	for k := range h.Signals {
		if !slices.Contains(r.mapped, k) {
			return fmt.Errorf("signal %q is not in the layout, or there twice", h.Signals[k].Name)
		}
	}
	return nil
}

// readSegment fills n frames of the chunk, from place at on, from the open segment, in the
// calibration of the record.
func (r *Record) readSegment(c *waveform.Chunk, at int, first int64, n int) error {
	var samples [][]int32
	if r.open != nil {
		samples = make([][]int32, len(r.open.header.Signals))
	}
	for i, s := range r.signals {
		if r.open == nil || r.mapped[i] < 0 {
			fillMissing(c.Samples[i][at*s.PerFrame : (at+n)*s.PerFrame])
			continue
		}
		samples[r.mapped[i]] = c.Samples[i]
	}
	if r.open == nil {
		return nil
	}
	if err := r.open.read(samples, at, first, n); err != nil {
		return err
	}
	for i, s := range r.signals {
		if k := r.mapped[i]; k >= 0 {
			recalibrate(c.Samples[i][at*s.PerFrame:(at+n)*s.PerFrame], &r.open.header.Signals[k], &s)
		}
	}
	return nil
}

// recalibrate makes samples of one gain and baseline those of another.
func recalibrate(samples []int32, from *SignalHeader, to *waveform.Signal) {
	if from.Gain == to.Gain && float64(from.Baseline) == to.Baseline {
		return
	}
	ratio := to.Gain / from.Gain
	for i, v := range samples {
		if v == waveform.Missing {
			continue
		}
		x := math.Floor(float64((float64(v)-float64(from.Baseline))*ratio) + to.Baseline + 0.5)
		samples[i] = int32(max(math.MinInt32+1, min(math.MaxInt32, x)))
	}
}

// Close closes all files.
func (r *Record) Close() {
	if r.whole != nil {
		r.whole.close()
	}
	r.leave()
}
