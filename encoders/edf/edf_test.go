package edf

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/encoders/waveform"
	"github.com/vigil-icu/vigil/encoders/wfdb"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// channel is a signal of a made-up file; its samples are those of all records, one after another.
type channel struct {
	label, unit          string
	low, high, dlow, dhi string
	perRecord            int
	samples              []int
	lists                []string // of an annotation signal, a record each
}

// annotations is a signal of lists, of which each begins with the time of its record.
func annotations(lists ...string) channel {
	return channel{label: "EDF Annotations", low: "-1", high: "1", dlow: "-32768", dhi: "32767", perRecord: 30, lists: lists}
}

// made is a file of channels.
func made(kind, start string, records int, duration string, channels ...channel) []byte {
	var b bytes.Buffer
	field := func(s string, n int) { fmt.Fprintf(&b, "%-*s", n, s) }
	field("0", 8)
	field("patient", 80)
	field("recording", 80)
	b.WriteString(start)
	field(fmt.Sprint(256*(1+len(channels))), 8)
	field(kind, 44)
	field(fmt.Sprint(records), 8)
	field(duration, 8)
	field(fmt.Sprint(len(channels)), 4)
	column := func(n int, get func(channel) string) {
		for _, c := range channels {
			field(get(c), n)
		}
	}
	column(16, func(c channel) string { return c.label })
	column(80, func(channel) string { return "" })
	column(8, func(c channel) string { return c.unit })
	column(8, func(c channel) string { return c.low })
	column(8, func(c channel) string { return c.high })
	column(8, func(c channel) string { return c.dlow })
	column(8, func(c channel) string { return c.dhi })
	column(80, func(channel) string { return "" })
	column(8, func(c channel) string { return fmt.Sprint(c.perRecord) })
	column(32, func(channel) string { return "" })
	for r := range max(records, 0) {
		for _, c := range channels {
			if c.lists != nil {
				text := make([]byte, 2*c.perRecord)
				copy(text, c.lists[r])
				b.Write(text)
				continue
			}
			for _, v := range c.samples[r*c.perRecord : (r+1)*c.perRecord] {
				_ = binary.Write(&b, binary.LittleEndian, int16(v))
			}
		}
	}
	return b.Bytes()
}

func open(t *testing.T, b []byte) *File {
	t.Helper()
	f, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// stretch is what a chunk said.
type stretch struct {
	Seconds float64
	Values  [][]float64
}

func stretches(t *testing.T, f *File) (list []stretch) {
	t.Helper()
	var c waveform.Chunk
	for {
		err := f.Next(&c, 100)
		if err == io.EOF {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		s := stretch{Seconds: c.Seconds}
		for i := range c.Samples {
			var values []float64
			for _, v := range c.Samples[i] {
				values = append(values, math.Round(f.Signals()[i].Physical(v)*1000)/1000)
			}
			s.Values = append(s.Values, values)
		}
		list = append(list, s)
	}
}

const start = "10.12.0912.44.02"

func ecg(samples ...int) channel {
	return channel{label: "ECG", unit: "UV", low: "-500", high: "500", dlow: "-1000", dhi: "1000", perRecord: 4, samples: samples}
}

// A slow signal beside a fast one keeps its values at its times.
func TestSlowSignalsKeepTheirValues(t *testing.T) {
	spo2 := channel{label: "SpO2", unit: "%", low: "0", high: "100", dlow: "0", dhi: "100", perRecord: 1, samples: []int{98, 60, 98}}
	f := open(t, made("", start, 3, "1", ecg(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11), spo2))
	got := stretches(t, f)
	want := []stretch{{0, [][]float64{{0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5}, {98, 60, 98}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
	if f.Signals()[0].Unit != "uV" || f.FrameRate() != 1 {
		t.Errorf("unit %q, %v records a second", f.Signals()[0].Unit, f.FrameRate())
	}
}

// In EDF+D a gap stays a gap, and in EDF+ the start has a fraction.
func TestGapsAndFractions(t *testing.T) {
	f := open(t, made("EDF+D", start, 3, "1", ecg(1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3),
		annotations("+0.25\x14\x14\x00", "+1.25\x14\x14\x00+1.5\x150.5\x14apnoea\x14again\x14\x00", "+62.25\x14\x14\x00")))
	got := stretches(t, f)
	want := []stretch{{0, [][]float64{{0.5, 0.5, 0.5, 0.5, 1, 1, 1, 1}}}, {62, [][]float64{{1.5, 1.5, 1.5, 1.5}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(- want, + got):\n%s", diff)
	}
	if s := f.Header.Start.Format("2006-01-02 15:04:05.00"); s != "2009-12-10 12:44:02.25" {
		t.Errorf("start %s", s)
	}
	remarks, err := f.Annotations()
	if diff := cmp.Diff([]Annotation{{1.25, 0.5, "apnoea"}, {1.25, 0.5, "again"}}, remarks); err != nil || diff != "" {
		t.Errorf("%v (- want, + got):\n%s", err, diff)
	}
}

func TestHeaderValues(t *testing.T) {
	for digits, want := range map[string]string{"84": "2084", "85": "1985"} {
		f := open(t, made("", "01.02."+digits+"10.11.12", 1, "1", ecg(0, 0, 0, 0)))
		if got := f.Header.Start.Format("2006"); got != want {
			t.Errorf("year %s is %s, want %s", digits, got, want)
		}
	}
	over := ecg(-1000, 1000, 0, 500)
	over.dlow, over.dhi = "1000", "-1000"
	if got := stretches(t, open(t, made("", start, 1, "1", over))); !cmp.Equal(got[0].Values[0], []float64{500, -500, 0, -250}) {
		t.Errorf("a signal turned over: %v", got)
	}
	for _, unit := range []string{"uV", "uv", "UV"} {
		c := ecg(0, 0, 0, 0)
		c.unit = unit
		if got := open(t, made("", start, 1, "1", c)).Signals()[0].Unit; got != "uV" {
			t.Errorf("%s is %s", unit, got)
		}
	}
	// A recording that was not ended has as many records as are there.
	b := made("", start, 2, "1", ecg(1, 2, 3, 4, 5, 6, 7, 8))
	copy(b[236:], "-1      ")
	if f := open(t, b); f.Frames() != 2 {
		t.Errorf("%d records, want 2", f.Frames())
	}
}

func TestBadFilesAreRefusedWithTheirFault(t *testing.T) {
	whole := made("EDF+C", start, 1, "1", ecg(1, 2, 3, 4), annotations("+0\x14\x14\x00"))
	with := func(at int, text string) []byte {
		b := bytes.Clone(whole)
		copy(b[at:], text)
		return b
	}
	flat := ecg(1, 2, 3, 4)
	flat.high = flat.low
	for want, b := range map[string][]byte{
		"ends at byte 3, want 256":               []byte("0  "),
		"is BDF":                                 with(0, "\xffBIOSEMI"),
		`begins with "1"`:                        with(0, "1"),
		`start "10.13.09" "12.44.02"`:            with(168, "10.13.09"),
		"says \"999\" bytes of header, want 768": with(184, "999"),
		`number of signals "x"`:                  with(252, "x   "),
		`duration of a record "-1"`:              with(244, "-1"),
		"records of no duration":                 with(244, "0"),
		"holds 1 records":                        with(236, "2"),
		"two points that differ":                 made("", start, 1, "1", flat),
		"would tell the records' times":          made("EDF+D", start, 1, "1", ecg(1, 2, 3, 4)),
		"do not begin with the time":             made("EDF+C", start, 1, "1", ecg(1, 2, 3, 4), annotations("+0\x14text\x14\x00")),
		"want a sign and seconds":                made("EDF+C", start, 1, "1", ecg(1, 2, 3, 4), annotations("0\x14\x14\x00")),
		"has no end":                             made("EDF+C", start, 1, "1", ecg(1, 2, 3, 4), annotations("+0\x14\x14"+strings.Repeat("x", 60))),
	} {
		_, err := Open(bytes.NewReader(b), int64(len(b)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one that says %q", err, want)
		}
	}
}

// A file that was written by another program, whose sums and first values stand in a WFDB header.
func TestARecordingOfAnotherProgram(t *testing.T) {
	var file, header []byte
	in, err := os.Open(filepath.Join(opendata.Dir(t), "wfdb", "wfdb-python-sample-data.tar.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		into := map[string]*[]byte{"test_generator_2.edf": &file, "test_generator_2.hea": &header}[filepath.Base(h.Name)]
		if into == nil {
			continue
		}
		if *into, err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	h, err := wfdb.ParseHeader(header)
	if err != nil {
		t.Fatal(err)
	}
	f := open(t, file)
	sums, first := make([]uint16, len(f.Signals())), make([]int32, len(f.Signals()))
	for c := (waveform.Chunk{}); ; {
		err := f.Next(&c, 7)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, samples := range c.Samples {
			if c.First == 0 {
				first[i] = samples[0]
			}
			for _, v := range samples {
				sums[i] += uint16(v)
			}
		}
	}
	for i, s := range f.Signals() {
		want := h.Signals[i]
		if s.Name != want.Name || sums[i] != want.Checksum || int64(first[i]) != want.Initial || math.Abs(s.Gain-want.Gain) > 1e-3 {
			t.Errorf("%s: sum %d, first %d, gain %v, want %s, %d, %d, %v", s.Name, sums[i], first[i], s.Gain, want.Name, want.Checksum, want.Initial, want.Gain)
		}
	}
	if len(f.Signals()) != 11 || f.Frames() != 600 {
		t.Errorf("%d signals, %d records", len(f.Signals()), f.Frames())
	}
}

// No file of made-up bytes makes the reader panic or read without end.
func FuzzFile(f *testing.F) {
	f.Add(made("EDF+D", start, 2, "1", ecg(1, 2, 3, 4, 5, 6, 7, 8), annotations("+0\x14\x14\x00", "+9\x14\x14\x00")))
	f.Add(made("", start, 1, "0.5", ecg(1, 2, 3, 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		_, _ = file.Annotations()
		for c := (waveform.Chunk{}); file.Next(&c, 3) == nil; {
		}
	})
}
