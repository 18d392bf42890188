package wfdb

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Header is what the header file of a record says.
type Header struct {
	Name string
	// FrameRate is how many frames there are in a second, 250 where the header does not say.
	FrameRate float64
	// CounterRate is how many ticks the recording device counted in a second, and CounterBase
	// the count at the begin. Without them in the header they are FrameRate and 0.
	CounterRate, CounterBase float64
	// Frames is the length, 0 where the header leaves it to the files.
	Frames int64
	// Start is the time of day of the first frame, and Date the day, zero if not given.
	Start    time.Duration
	HasStart bool
	Date     time.Time
	Signals  []SignalHeader
	Segments []Segment // of a record that has some
	Comments []string
}

// SignalHeader is what a header says of one signal.
type SignalHeader struct {
	File     string // "~" where the signal has no samples
	Format   int
	PerFrame int
	Skew     int
	Offset   int64 // of the first sample in the file, in bytes
	Gain     float64
	Baseline int64
	Unit     string
	// Resolution and Zero are of the converter.
	Resolution, Zero int64
	// Initial is the first value; HasInitial says whether the header has one.
	Initial    int64
	HasInitial bool
	// Checksum is of all samples, modulo 65536; 0 is also written where nobody summed.
	Checksum uint16
	Name     string
}

// Segment is a part of a record: another record, or with the name "~" a gap.
type Segment struct {
	Name   string
	Frames int64
}

// Bounds of what a header may claim. No recording comes near.
const (
	maxHeader   = 8 << 20
	maxSignals  = 4096
	maxSegments = 1 << 20
	maxPerFrame = 1 << 16
	maxFrame    = 1 << 18 // samples of all signals in a frame
	maxSkew     = 1 << 16
	maxFrames   = 1 << 48
)

// ReadHeader reads NAME.hea.
func ReadHeader(fsys fs.FS, name string) (*Header, error) {
	file := name + ".hea"
	text, err := readSmall(fsys, file, maxHeader)
	if err != nil {
		return nil, err
	}
	h, err := ParseHeader(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if base := path.Base(name); h.Name != base {
		return nil, fmt.Errorf("%s: line 1 names the record %q, want %q as the file", file, h.Name, base)
	}
	return h, nil
}

// ParseHeader reads the text of a header.
func ParseHeader(text []byte) (*Header, error) {
	h := &Header{}
	lines := 0 // that are no comments
	want, segments := 1, false
	for number, line := range strings.Split(string(text), "\n") {
		line = strings.TrimRight(toUTF8(line), "\r")
		trimmed := strings.TrimSpace(line)
		if comment, ok := strings.CutPrefix(trimmed, "#"); ok {
			h.Comments = append(h.Comments, comment)
			continue
		}
		if trimmed == "" || lines == want {
			continue // what stands behind the last signal is not of the format
		}
		var err error
		switch {
		case lines == 0:
			var more int
			more, segments, err = h.record(trimmed)
			want += more
		case segments:
			err = h.segment(trimmed)
		default:
			err = h.signal(trimmed)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
		lines++
	}
	switch {
	case lines == 0:
		return nil, fmt.Errorf("no record line, found only %d bytes of comments and blanks", len(text))
	case lines < want && segments:
		return nil, fmt.Errorf("%d segments are listed, want %d", lines-1, want-1)
	case lines < want:
		return nil, fmt.Errorf("%d signals are listed, want %d", lines-1, want-1)
	}
	return h, h.consistent(segments)
}

// toUTF8 takes what is not UTF-8 as ISO 8859-1, in which old headers have their µ.
func toUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// fields cuts a line into at most n fields, of which the last is all that is left.
func fields(line string, n int) []string {
	var f []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		end := strings.IndexAny(line, " \t")
		if end < 0 || len(f) == n-1 {
			return append(f, line)
		}
		f = append(f, line[:end])
		line = line[end:]
	}
	return f
}

var (
	recordName = regexp.MustCompile(`^([A-Za-z0-9_-]+)(?:/(\d+))?$`)
	rates      = regexp.MustCompile(`^([^/(]+)(?:/([^(]+)(?:\((.+)\))?)?$`)
	formats    = regexp.MustCompile(`^(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?$`)
	gains      = regexp.MustCompile(`^([^(/]+)(?:\(([^)]*)\))?(?:/(.+))?$`)
)

// record reads the record line and says how many lines are to follow, and whether of segments.
func (h *Header) record(line string) (more int, segments bool, err error) {
	f := fields(line, 7)
	name := recordName.FindStringSubmatch(f[0])
	if name == nil {
		return 0, false, fmt.Errorf("record name %q, want letters, digits, - and _, perhaps /SEGMENTS", f[0])
	}
	h.Name = name[1]
	if len(f) < 2 {
		return 0, false, fmt.Errorf("the record line ends behind the name, want the number of signals")
	}
	signals, err := whole("number of signals", f[1], 0, maxSignals)
	if err != nil {
		return 0, false, err
	}
	more = int(signals)
	if name[2] != "" {
		n, err := whole("number of segments", name[2], 1, maxSegments)
		if err != nil {
			return 0, false, err
		}
		more, segments = int(n), true
	}
	h.FrameRate = 250
	if len(f) > 2 {
		if err := h.rates(f[2]); err != nil {
			return 0, false, err
		}
	} else {
		h.CounterRate = h.FrameRate
	}
	if len(f) > 3 {
		if h.Frames, err = whole("length", f[3], 0, maxFrames); err != nil {
			return 0, false, err
		}
	}
	if len(f) > 4 {
		if h.Start, err = clock(f[4]); err != nil {
			return 0, false, err
		}
		h.HasStart = true
	}
	if len(f) > 5 {
		if h.Date, err = time.Parse("2/1/2006", f[5]); err != nil {
			return 0, false, fmt.Errorf("date %q, want day/month/year", f[5])
		}
	}
	return more, segments, nil
}

func (h *Header) rates(s string) (err error) {
	m := rates.FindStringSubmatch(s)
	if m == nil {
		return fmt.Errorf("rate %q, want FRAMES per second, perhaps /COUNTER(BASE)", s)
	}
	if h.FrameRate, err = real("rate", m[1]); err != nil {
		return err
	}
	if h.FrameRate <= 0 || h.FrameRate > 1e9 {
		return fmt.Errorf("rate %q, want one above 0 and up to 1e9 Hz", s)
	}
	h.CounterRate = h.FrameRate
	if m[2] != "" {
		if h.CounterRate, err = real("counter rate", m[2]); err != nil {
			return err
		}
		if h.CounterRate <= 0 {
			h.CounterRate = h.FrameRate
		}
	}
	if m[3] != "" {
		h.CounterBase, err = real("counter base", m[3])
	}
	return err
}

// clock reads a time of day: hours, minutes and seconds, or without hours, or seconds alone.
func clock(s string) (time.Duration, error) {
	parts := strings.Split(s, ":")
	if len(parts) > 3 {
		return 0, fmt.Errorf("time %q, want hours:minutes:seconds", s)
	}
	var seconds float64
	for i, p := range parts {
		v, err := real("time", p)
		if err != nil || v < 0 || v > 1e6 || i < len(parts)-1 && v != math.Trunc(v) {
			return 0, fmt.Errorf("time %q, want hours:minutes:seconds", s)
		}
		seconds = float64(60*seconds) + v
	}
	return time.Duration(math.Round(seconds*1000)) * time.Millisecond, nil
}

func (h *Header) segment(line string) error {
	f := fields(line, 3)
	if len(f) != 2 {
		return fmt.Errorf("segment %q, want a record and its length", line)
	}
	if f[0] != "~" && !recordName.MatchString(f[0]) {
		return fmt.Errorf("segment %q, want a record beside this one, or ~", f[0])
	}
	n, err := whole("length of segment "+f[0], f[1], 0, maxFrames)
	h.Segments = append(h.Segments, Segment{f[0], n})
	return err
}

func (h *Header) signal(line string) (err error) {
	f := fields(line, 9)
	if len(f) < 2 {
		return fmt.Errorf("signal %q, want a file and a format", line)
	}
	s := SignalHeader{File: f[0], PerFrame: 1, Gain: 200, Unit: "mV", Name: "signal " + strconv.Itoa(len(h.Signals))}
	if s.File != "~" && (!fs.ValidPath(s.File) || strings.ContainsAny(s.File, `/\`) || s.File == ".") {
		return fmt.Errorf("signal file %q, want one beside the header", s.File)
	}
	if err := s.format(f[1]); err != nil {
		return err
	}
	hasBaseline := false
	if len(f) > 2 {
		if hasBaseline, err = s.gain(f[2]); err != nil {
			return err
		}
	}
	numbers := []struct {
		what string
		into *int64
	}{{"resolution", &s.Resolution}, {"zero", &s.Zero}, {"initial value", &s.Initial}}
	for i, n := range numbers {
		if len(f) > 3+i {
			if *n.into, err = whole(n.what, f[3+i], math.MinInt32, math.MaxInt32); err != nil {
				return err
			}
		}
	}
	s.HasInitial = len(f) > 5
	if len(f) > 6 {
		sum, err := whole("checksum", f[6], math.MinInt32, math.MaxInt32)
		if err != nil {
			return err
		}
		s.Checksum = uint16(sum)
	}
	if len(f) > 7 {
		if _, err := whole("block size", f[7], math.MinInt32, math.MaxInt32); err != nil {
			return err
		}
	}
	if len(f) > 8 {
		s.Name = f[8]
	}
	if !hasBaseline {
		s.Baseline = s.Zero
	}
	h.Signals = append(h.Signals, s)
	return nil
}

func (s *SignalHeader) format(text string) error {
	m := formats.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("format %q, want FORMATxSAMPLES:SKEW+OFFSET, of which all but the first may be left out", text)
	}
	var n [4]int64
	for i, part := range m[1:] {
		if part == "" {
			continue
		}
		limit := []int64{1000, maxPerFrame, maxSkew, 1 << 50}[i]
		var err error
		if n[i], err = whole([]string{"format", "samples a frame", "skew", "offset"}[i], part, 0, limit); err != nil {
			return err
		}
	}
	s.Format, s.Skew, s.Offset = int(n[0]), int(n[2]), n[3]
	if s.PerFrame = int(n[1]); s.PerFrame == 0 {
		s.PerFrame = 1
	}
	if _, known := layouts[s.Format]; !known && s.Format != 0 && !isFLAC(s.Format) {
		return fmt.Errorf("format %d, want 0, 8, 16, 24, 32, 61, 80, 160, 212, 310, 311, 508, 516 or 524", s.Format)
	}
	return nil
}

// gain reads gain(baseline)/unit. A gain of 0 says that nobody calibrated: 200 stands for it.
func (s *SignalHeader) gain(text string) (hasBaseline bool, err error) {
	m := gains.FindStringSubmatch(text)
	if m == nil {
		return false, fmt.Errorf("gain %q, want GAIN(BASELINE)/UNIT", text)
	}
	gain, err := real("gain", m[1])
	if err != nil {
		return false, err
	}
	if gain != 0 {
		s.Gain = gain
	}
	if m[2] != "" {
		hasBaseline = true
		if s.Baseline, err = whole("baseline", m[2], math.MinInt32, math.MaxInt32); err != nil {
			return false, err
		}
	}
	if m[3] != "" {
		s.Unit = m[3]
	}
	return hasBaseline, nil
}

// consistent checks what no line can say alone.
func (h *Header) consistent(segments bool) error {
	if !segments {
		frame := 0
		for i := range h.Signals {
			frame += h.Signals[i].PerFrame
		}
		if frame > maxFrame {
			return fmt.Errorf("%d samples in a frame, want at most %d", frame, maxFrame)
		}
		return nil
	}
	var sum int64
	for _, s := range h.Segments {
		if sum += s.Frames; sum > maxFrames {
			return fmt.Errorf("the segments are longer than %d frames", int64(maxFrames))
		}
	}
	if h.Frames != 0 && sum != h.Frames {
		return fmt.Errorf("the segments have %d frames, want %d as the record line says", sum, h.Frames)
	}
	h.Frames = sum
	return nil
}

func whole(what, s string, low, high int64) (int64, error) {
	v, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 10, 64)
	if err != nil || v < low || v > high {
		return 0, fmt.Errorf("%s %q, want a whole number from %d to %d", what, s, low, high)
	}
	return v, nil
}

func real(what, s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s %q, want a number", what, s)
	}
	return v, nil
}
