package wfdb

import (
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

const gone = waveform.Missing

// made is a record of header lines and signal files that a test makes up.
func made(files map[string]string) fs.FS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return m
}

// words16 are numbers as 16-bit little-endian words.
func words16(values ...int) string {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return string(b)
}

// samples reads all samples of the record r from a frame on.
func samples(t *testing.T, files fs.FS, from int64) [][]int32 {
	t.Helper()
	r, err := Open(files, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := r.Goto(from); err != nil {
		t.Fatal(err)
	}
	all := make([][]int32, len(r.Signals()))
	var c waveform.Chunk
	for {
		err := r.Next(&c, 3)
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, s := range c.Samples {
			all[i] = append(all[i], s...)
		}
	}
}

// Samples are those of the C library 10.7.0 where implementations differ, and of the format's
// definition where it is wrong.
func TestSamplesWhereImplementationsDiffer(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		from  int64
		want  [][]int32
	}{
		{"a code for no sample within a frame", map[string]string{"r.hea": "r 1 100 1\nr.dat 16x2 100\n", "r.dat": words16(100, -32768)}, 0, [][]int32{{100, gone}}},
		{"no length: up to the end of the file", map[string]string{"r.hea": "r 2 100 0\nr.dat 16\nr.dat 16\n", "r.dat": words16(1, 2, 3, 4, 5)}, 0, [][]int32{{1, 3}, {2, 4}}},
		{"format 8 from its initial value", map[string]string{"r.hea": "r 1 100 6\nr.dat 8 200 8 0 100\n", "r.dat": "\x00\x01\xff\x02\x7f\x81"}, 0, [][]int32{{100, 101, 100, 102, 229, 102}}},
		{"format 8 from the third sample on", map[string]string{"r.hea": "r 1 100 6\nr.dat 8 200 8 0 100\n", "r.dat": "\x00\x01\xff\x02\x7f\x81"}, 2, [][]int32{{100, 102, 229, 102}}},
		{"format 8 without an initial value begins at 0", map[string]string{"r.hea": "r 1 100 2\nr.dat 8 200 12 300\n", "r.dat": "\x00\x01"}, 0, [][]int32{{0, 1}}},
		{"no sample in format 80", map[string]string{"r.hea": "r 1 100 2\nr.dat 80\n", "r.dat": "\x00\x81"}, 0, [][]int32{{gone, 1}}},
		{"no sample in format 212, of three", map[string]string{"r.hea": "r 1 100 3\nr.dat 212\n", "r.dat": "\x00\x18\x01\xff\x0f"}, 0, [][]int32{{gone, 257, -1}}},
		{"three samples of format 212 in five bytes, without a length", map[string]string{"r.hea": "r 1\nr.dat 212\n", "r.dat": "\x00\x18\x01\xff\x0f"}, 0, [][]int32{{gone, 257, -1}}},
		{"no sample in format 310, of two", map[string]string{"r.hea": "r 1 100 2\nr.dat 310\n", "r.dat": words16(0x400, 2)}, 0, [][]int32{{gone, 1}}},
		{"no sample in format 311, of two", map[string]string{"r.hea": "r 1 100 2\nr.dat 311\n", "r.dat": "\x00\x06\x00"}, 0, [][]int32{{gone, 1}}},
		{"no sample in formats 16, 61, 160", map[string]string{"r.hea": "r 3 100 1\na 16\nb 61\nc 160\n", "a": "\x00\x80", "b": "\x80\x00", "c": "\x00\x00"}, 0, [][]int32{{gone}, {gone}, {gone}}},
		{"no sample in formats 24, 32", map[string]string{"r.hea": "r 2 100 1\na 24\nb 32\n", "a": "\x00\x00\x80", "b": "\x00\x00\x00\x80"}, 0, [][]int32{{gone}, {gone}}},
		{"format 8 has no code for no sample", map[string]string{"r.hea": "r 1 100 1\nr.dat 8\n", "r.dat": "\x80"}, 0, [][]int32{{-128}}},
		{"skew with several samples a frame", map[string]string{"r.hea": "r 2 100 3\nr.dat 16x2:1\nr.dat 16\n", "r.dat": words16(1, 2, 10, 3, 4, 20, 5, 6, 30)}, 0, [][]int32{{3, 4, 5, 6, gone, gone}, {10, 20, 30}}},
		{"variable layout, two gains and a gap", map[string]string{
			"r.hea":   "r/4 2 1 5\nlay 0\na 2\n~ 1\nb 2\n",
			"lay.hea": "lay 2 1 0\n~ 0 10/mmHg 12 0 0 0 0 ABP\n~ 0 200/mV 12 0 0 0 0 II\n",
			"a.hea":   "a 1 1 2\na.dat 16 10/mmHg 12 0 50 0 0 ABP\n", "a.dat": words16(50, 60),
			"b.hea": "b 2 1 2\nb.dat 16 200/mV 12 0 50 0 0 II\nb.dat 16 1(2)/mmHg 12 0 7 0 0 ABP\n", "b.dat": words16(1, 7, -32768, -32768),
		}, 0, [][]int32{{50, 60, gone, 50, gone}, {gone, gone, gone, 1, gone}}},
		{"a checksum of 0 is none", map[string]string{"r.hea": "r 1 100 1\nr.dat 16 200 16 0 0 0 0 II\n", "r.dat": words16(5)}, 0, [][]int32{{5}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, samples(t, made(tt.files), tt.from)); diff != "" {
				t.Errorf("(- want, + got):\n%s", diff)
			}
		})
	}
}

// The mean of a frame is rounded, a half upwards, and is missing where a sample is.
func TestFrameMeans(t *testing.T) {
	got := waveform.FrameMeans(nil, []int32{-3, -4, 3, 4, 5, 6, 100, gone, -1, -2, -2, -2}, 2)
	if want := []int32{-3, 4, 6, gone, -1, -2}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// A signal's unit may have brackets, a number an exponent, and a time no hours.
func TestHeaderLines(t *testing.T) {
	h, err := ParseHeader([]byte("r 2 250/500(7) 10 10:00 5/6/1999\r\n# a comment\r\nr.dat 16+24 200/mm[Hg] 16 1000\r\nr.dat 16 2E+2(-5)/\xb5V 16 1000 4 -1 0  the  name \r\n"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := h.Signals[0], h.Signals[1]
	got := fmt.Sprintln(a.Unit, a.Gain, a.Baseline, a.Offset, b.Gain, b.Baseline, b.Unit, b.Initial, b.Checksum, b.Name, h.Start, h.CounterRate, h.CounterBase, h.Date.Format("2006-01-02"), h.Comments)
	want := fmt.Sprintln("mm[Hg]", 200., 1000, 24, 200., -5, "µV", 4, 65535, "the  name", "10m0s", 500., 7., "1999-06-05", []string{" a comment"})
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// Annotations of made-up files, as words.
func TestAnnotationWords(t *testing.T) {
	const skip, num, sub, chn, aux = 59 << 10, 60 << 10, 61 << 10, 62 << 10, 63 << 10
	n, v, note := 1<<10, 5<<10, 22<<10
	resolution := "## time resolution: 1000"
	for _, tt := range []struct {
		name, file, want string
	}{
		{"skips beyond 32 bits", words16(skip, 0x7fff, 0xffff, skip, 0x7fff, 0xffff, n|5, 0), "4294967299 N"},
		{"a skip back", words16(n|1000, skip, 0xffff, -500&0xffff, v, 0), "1000 N, 500 V"},
		{"channel and number stay, subtype and text do not", words16(n|1, num|3, chn|2, sub|1, aux|2) + "hi" + words16(v|1, 0), `1 N chan 2 num 3 sub 1 "hi", 2 V chan 2 num 3`},
		{"nothing behind the end", words16(n|1, 0, v|1, 0), "1 N"},
		{"a text of odd length is filled up", words16(n|1, aux|3) + "(N\x00\x00" + words16(v|1, 0), `1 N "(N", 2 V`},
		{"ticks of their own", words16(note, aux|len(resolution)) + resolution + words16(n|360, n|360, 0), "130 N, 259 N"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			list, err := ParseAnnotations([]byte(tt.file), 360)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, a := range list {
				s := fmt.Sprint(a.Sample, " ", a.Symbol)
				if a.Channel != 0 || a.Number != 0 {
					s += fmt.Sprintf(" chan %d num %d", a.Channel, a.Number)
				}
				if a.Subtype != 0 {
					s += fmt.Sprintf(" sub %d", a.Subtype)
				}
				if a.Auxiliary != "" {
					s += fmt.Sprintf(" %q", a.Auxiliary)
				}
				got = append(got, s)
			}
			if g := strings.Join(got, ", "); g != tt.want {
				t.Errorf("%s, want %s", g, tt.want)
			}
		})
	}
}
