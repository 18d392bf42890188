package wfdb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/waveform"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// archive reads an archive of the open data into memory.
func archive(t testing.TB, name string) fs.FS {
	t.Helper()
	return opendata.Archive(t, filepath.Join(opendata.Dir(t), "wfdb", name))
}

// target is what the original software printed for a part of a record.
type target struct {
	name, record string
	from, to     int64 // frames; to 0 is the end
	signals      []int // nil are all
	physical     bool
	expanded     bool // all samples of a frame, and not their mean
	missing      string
	skip         int // lines of it for which there is no signal file
}

const s00001 = "multi-segment/s00001/s00001-2896-10-10-00-31"

var targets = []target{
	{name: "1a", record: "test01_00s"},
	{name: "1b", record: "a103l", from: 12500, to: 40000, signals: []int{2, 0}, physical: true},
	{name: "1c", record: "a103l", from: 20000, signals: []int{0, 1}},
	{name: "1d", record: "3000003_0003", from: 125, to: 1000, signals: []int{1}, physical: true},
	{name: "1f", record: "binformats", missing: "-32768"},
	{name: "2b", record: "100", from: 1, to: 10800, signals: []int{1}},
	{name: "2c", record: "100_3chan", physical: true},
	{name: "2d", record: "310derive", from: 2},
	{name: "2e", record: "311derive", from: 1, to: 978, physical: true},
	{name: "3b", record: "s0010_re", from: 5000, to: 38000, signals: []int{13, 0, 4, 8, 3}, physical: true},
	// The original software ends where the samples of a skewed signal end.
	{name: "4a", record: "test01_00s_skewframe", to: 3997},
	{name: "4b", record: "03700181", to: 74996},
	{name: "4c", record: "03700181", from: 1000, to: 16000, signals: []int{0, 2}, physical: true},
	{name: "4d", record: "test01_00s_skewframe", to: 3997, physical: true, expanded: true},
	{name: "flac", record: "flacformats", missing: "-32768"},
	{name: "multi-fixed-c", record: "multi-segment/fixed1/v102s", from: 70000, to: 80000, signals: []int{1, 0, 3}, physical: true},
	{name: "multi-fixed-d", record: "multi-segment/041s/041s", signals: []int{3, 2, 1}, expanded: true, missing: "-2048"},
	{name: "multi-variable-a", record: s00001, from: 14428365, to: 14428375, physical: true},
	{name: "multi-variable-b", record: s00001, skip: 1, from: 14428365, to: 14428375, physical: true},
	{name: "multi-variable-d", record: "multi-segment/p000878/p000878-2137-10-26-16-57", from: 3550, to: 7500, signals: []int{0, 1}, missing: "-128"},
}

// Every sample is that of the original software, in every format and layout.
func TestSamplesAreThoseOfTheOriginalSoftware(t *testing.T) {
	data, want := archive(t, "wfdb-python-sample-data.tar.gz"), archive(t, "wfdb-python-target-output.tar.gz")
	for _, tt := range targets {
		t.Run(tt.name, func(t *testing.T) {
			text, err := fs.ReadFile(want, "target-output/record-"+tt.name)
			if err != nil {
				t.Fatal(err)
			}
			// Chunks of an odd size, so that they end within groups of samples.
			for _, chunk := range []int{997, 1 << 20} {
				got, err := printed(data, tt, chunk)
				if err != nil {
					t.Fatal(err)
				}
				compareLines(t, got, string(text), tt)
			}
		})
	}
}

func compareLines(t *testing.T, got [][]string, text string, tt target) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")[tt.skip:]
	if len(got) != len(lines) {
		t.Fatalf("%d lines, want %d", len(got), len(lines))
	}
	for i, line := range lines {
		if f := strings.Fields(line); !slices.Equal(got[i], f) {
			t.Fatalf("frame %d: %q, want %q", tt.from+int64(i), got[i], f)
		}
	}
}

// printed is a part of a record, as the original software prints it.
func printed(data fs.FS, tt target, frames int) (lines [][]string, err error) {
	r, err := Open(data, "sample-data/"+tt.record)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if tt.to == 0 {
		tt.to = r.Frames()
	}
	if tt.signals == nil {
		for i := range r.Signals() {
			tt.signals = append(tt.signals, i)
		}
	}
	if tt.missing == "" {
		tt.missing = "-"
	}
	if err := r.Goto(tt.from); err != nil {
		return nil, err
	}
	per := 1
	for _, s := range r.Signals() {
		if tt.expanded {
			per = max(per, s.PerFrame)
		}
	}
	var c waveform.Chunk
	for at := tt.from; at < tt.to; at += int64(c.Frames) {
		if err := r.Next(&c, int(min(int64(frames), tt.to-at))); err != nil {
			return nil, err
		}
		from := len(lines)
		for range c.Frames * per {
			lines = append(lines, nil)
		}
		for _, i := range tt.signals {
			s, samples := r.Signals()[i], c.Samples[i]
			if !tt.expanded {
				samples = truncatedMeans(samples, s.PerFrame)
				s.PerFrame = 1
			}
			for k := range c.Frames * per {
				v := samples[k*s.PerFrame/per]
				lines[from+k] = append(lines[from+k], print(s, v, tt))
			}
		}
	}
	return lines, nil
}

// truncatedMeans are the means of frames as version 10.5.24 made them, which printed the targets.
// Those of waveform.FrameMeans are of version 10.7.
func truncatedMeans(samples []int32, perFrame int) (means []int32) {
	for frame := range slices.Chunk(samples, perFrame) {
		var sum int64
		for _, v := range frame {
			sum += int64(v)
		}
		means = append(means, int32(sum/int64(perFrame)))
	}
	return means
}

func print(s waveform.Signal, v int32, tt target) string {
	switch {
	case v == waveform.Missing:
		return tt.missing
	case tt.physical:
		return fmt.Sprintf("%.8f", s.Physical(v))
	}
	return strconv.Itoa(int(v))
}

// Every file whose header has checksums is read from end to end, which holds them against it.
func TestChecksumsOfAllFiles(t *testing.T) {
	for _, name := range []string{"wfdb-python-sample-data.tar.gz", "mitdb.tar.gz", "cinc2021.tar.gz"} {
		data := archive(t, name)
		read := 0
		err := fs.WalkDir(data, ".", func(file string, d fs.DirEntry, err error) error {
			record, ok := strings.CutSuffix(file, ".hea")
			if err != nil || !ok {
				return err
			}
			h, err := ReadHeader(data, record)
			if err != nil {
				return err
			}
			if len(h.Segments) > 0 || strings.Contains(file, "_layout") {
				return nil
			}
			frames, err := readAll(data, record)
			if errors.Is(err, fs.ErrNotExist) {
				return nil // a header alone, for tests of headers
			}
			if err == nil && h.Frames != 0 && frames != h.Frames {
				err = fmt.Errorf("%s: %d frames, want %d", file, frames, h.Frames)
			}
			read++
			return err
		})
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s: %d records", name, read)
		if read < 15 {
			t.Errorf("%d records in %s, want at least 15", read, name)
		}
	}
}

func readAll(data fs.FS, name string) (frames int64, err error) {
	r, err := Open(data, name)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	var c waveform.Chunk
	for {
		switch err := r.Next(&c, 5000); err {
		case nil:
			frames += int64(c.Frames)
		case io.EOF:
			return frames, nil
		default:
			return frames, err
		}
	}
}

// Annotations are those that the original software prints, in all fields.
func TestAnnotationsAreThoseOfTheOriginalSoftware(t *testing.T) {
	data, want := archive(t, "wfdb-python-sample-data.tar.gz"), archive(t, "wfdb-python-target-output.tar.gz")
	for _, tt := range []struct {
		target, record, extension string
		rate                      float64
	}{{"ann-1", "100", "atr", 360}, {"ann-2", "12726", "anI", 250}, {"ann-3", "1003", "atr", 360}} {
		text, err := fs.ReadFile(want, "target-output/"+tt.target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := ReadAnnotations(data, "sample-data/"+tt.record, tt.extension, tt.rate)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
		if len(got) != len(lines) {
			t.Errorf("%s: %d annotations, want %d", tt.target, len(got), len(lines))
			continue
		}
		for i, line := range lines {
			line, auxiliary, _ := strings.Cut(line, "\t")
			f := strings.Fields(line)[1:] // without the time
			a := got[i]
			printed := fmt.Sprintf("%d %s %d %d %d", a.Sample, a.Symbol, a.Subtype, a.Channel, a.Number)
			if strings.Join(f, " ") != printed || strings.TrimSpace(auxiliary) != strings.TrimSpace(a.Auxiliary) {
				t.Fatalf("%s, annotation %d: %q %q, want %q %q", tt.target, i, printed, a.Auxiliary, f, auxiliary)
			}
		}
	}
}

// All annotations of the MIT-BIH records are those of the table beside them.
func TestAnnotationsOfWholeRecords(t *testing.T) {
	data := archive(t, "mitdb.tar.gz")
	lists := map[string][]Annotation{}
	rows := 0
	opendata.EachRow(t, filepath.Join(opendata.Dir(t), "wfdb", "mitdb-annotations.csv.gz"), func(row func(string) string) {
		record := row("record")
		if _, ok := lists[record]; !ok {
			list, err := ReadAnnotations(data, "mitdb/"+record, "atr", 360)
			if err != nil {
				t.Fatal(err)
			}
			lists[record] = list
		}
		if len(lists[record]) == 0 {
			t.Fatalf("record %s has too few annotations", record)
		}
		a := lists[record][0]
		lists[record] = lists[record][1:]
		rows++
		got := fmt.Sprintf("%d %s %d %d %d %s", a.Sample, a.Symbol, a.Subtype, a.Channel, a.Number, a.Auxiliary)
		want := strings.Join([]string{row("sample"), row("symbol"), row("subtype"), row("chan"), row("num"), row("aux")}, " ")
		if got != want {
			t.Fatalf("record %s: annotation %q, want %q", record, got, want)
		}
	})
	for record, left := range lists {
		if len(left) > 0 {
			t.Errorf("record %s: %d annotations too many", record, len(left))
		}
	}
	if rows != 37903 {
		t.Errorf("%d rows, want 37903", rows)
	}
}
