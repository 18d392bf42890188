package edf

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// Header is what stands before the data records.
type Header struct {
	Patient, Recording string
	// Start is the local time of the begin; its zone is not in the file. Where the file says it
	// more exactly, by the first annotation, it has a fraction of a second.
	Start time.Time
	// Plus says that the file is EDF+, Gaps that its records may not follow each other.
	Plus, Gaps bool
	Records    int64
	// Duration is that of a record, in seconds.
	Duration float64

	bytes   int64 // of the header
	signals []signal
	record  int64 // bytes of a record
}

// signal is a signal of the file, which may hold annotations.
type signal struct {
	waveform.Signal
	annotations bool
	offset      int64 // in a record, in bytes
}

const (
	fixed      = 256 // bytes of the header, and of it for each signal
	maxSignals = 4096
	maxRecord  = 64 << 20 // bytes
)

// parseFixed reads the first 256 bytes, and says how many signals there are.
func (h *Header) parseFixed(b []byte) (signals int, err error) {
	text := func(from, n int) string { return strings.TrimSpace(string(b[from : from+n])) }
	if b[0] == 0xff {
		return 0, fmt.Errorf("is BDF (24 bits), want EDF")
	}
	if version := text(0, 8); version != "0" {
		return 0, fmt.Errorf("begins with %q, want \"0\" as EDF does", version)
	}
	h.Patient, h.Recording = text(8, 80), text(88, 80)
	h.Start, err = time.Parse("02.01.06 15.04.05", text(168, 8)+" "+text(176, 8))
	if err != nil {
		return 0, fmt.Errorf("start %q %q, want dd.mm.yy hh.mm.ss", text(168, 8), text(176, 8))
	}
	// Years of two digits are 1985 to 2084.
	year := h.Start.Year()%100 + 1900
	if year < 1985 {
		year += 100
	}
	h.Start = time.Date(year, h.Start.Month(), h.Start.Day(), h.Start.Hour(), h.Start.Minute(), h.Start.Second(), 0, time.UTC)
	kind := text(192, 44)
	h.Plus, h.Gaps = strings.HasPrefix(kind, "EDF+"), strings.HasPrefix(kind, "EDF+D")
	if h.Records, err = whole("number of records", text(236, 8), -1, 1<<40); err != nil {
		return 0, err
	}
	if h.Duration, err = number("duration of a record", text(244, 8)); err != nil || h.Duration < 0 || h.Duration > 1e6 {
		return 0, fmt.Errorf("duration of a record %q, want seconds from 0 on", text(244, 8))
	}
	n, err := whole("number of signals", text(252, 4), 1, maxSignals)
	if err != nil {
		return 0, err
	}
	h.bytes = fixed * (n + 1)
	if said, err := whole("bytes of the header", text(184, 8), 0, math.MaxInt32); err != nil || said != h.bytes {
		return 0, fmt.Errorf("says %q bytes of header, want %d for %d signals", text(184, 8), h.bytes, n)
	}
	return int(n), nil
}

// parseSignals reads the rest of the header, in which each field stands for all signals.
func (h *Header) parseSignals(b []byte, n int) error {
	at := 0
	column := func(width int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = latin(strings.TrimSpace(string(b[at : at+width])))
			at += width
		}
		return list
	}
	labels, _, units := column(16), column(80), column(8)
	low, high, lowest, highest := column(8), column(8), column(8), column(8)
	_, counts := column(80), column(8)
	for i := range n {
		s := signal{Signal: waveform.Signal{Name: labels[i], Unit: unit(units[i])}, offset: h.record}
		fail := func(err error) error { return fmt.Errorf("signal %d, %q: %w", i+1, labels[i], err) }
		count, err := whole("samples in a record", counts[i], 1, maxRecord/2)
		if err != nil {
			return fail(err)
		}
		s.PerFrame = int(count)
		s.annotations = h.Plus && labels[i] == "EDF Annotations"
		if h.record += 2 * count; h.record > maxRecord {
			return fail(fmt.Errorf("makes a record longer than %d bytes", maxRecord))
		}
		if !s.annotations {
			if err := s.calibrate(low[i], high[i], lowest[i], highest[i]); err != nil {
				return fail(err)
			}
			if h.Duration == 0 {
				return fail(fmt.Errorf("records of no duration, want one above 0 where there are samples"))
			}
		}
		h.signals = append(h.signals, s)
	}
	return nil
}

// calibrate makes gain and baseline of two points. The digital ones may be the wrong way round,
// which turns the signal over.
func (s *signal) calibrate(low, high, lowest, highest string) error {
	var v [4]float64
	for i, part := range []struct{ what, text string }{{"physical minimum", low}, {"physical maximum", high}, {"digital minimum", lowest}, {"digital maximum", highest}} {
		var err error
		if v[i], err = number(part.what, part.text); err != nil {
			return err
		}
	}
	if v[0] == v[1] || v[2] == v[3] {
		return fmt.Errorf("physical %s to %s for digital %s to %s, want two points that differ", low, high, lowest, highest)
	}
	s.Gain = (v[3] - v[2]) / (v[1] - v[0])
	s.Baseline = v[2] - float64(v[0]*s.Gain)
	return nil
}

// unit spells the microvolt in one way.
func unit(s string) string {
	if lower := strings.ToLower(s); lower == "uv" || lower == "µv" {
		return "uV"
	}
	return s
}

// latin takes each byte as a character of ISO 8859-1.
func latin(s string) string {
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

func whole(what, s string, low, high int64) (int64, error) {
	v, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), 10, 64)
	if err != nil || v < low || v > high {
		return 0, fmt.Errorf("%s %q, want a whole number from %d to %d", what, s, low, high)
	}
	return v, nil
}

func number(what, s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%s %q, want a number", what, s)
	}
	return v, nil
}
