package wfdb

import (
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// What is wrong with a file is said with the file, what was found and what was expected.
func TestBadFilesAreRefusedWithTheirFault(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no header", nil, []string{"r.hea is not there"}},
		{"empty header", map[string]string{"r.hea": "\n"}, []string{"r.hea", "no record line"}},
		{"another name", map[string]string{"r.hea": "q 0\n"}, []string{"r.hea", `"q"`, `want "r"`}},
		{"no number of signals", map[string]string{"r.hea": "r\n"}, []string{"line 1", "number of signals"}},
		{"signals missing", map[string]string{"r.hea": "r 2\nr.dat 16\n"}, []string{"1 signals are listed, want 2"}},
		{"unknown format", map[string]string{"r.hea": "r 1\nr.dat 17\n"}, []string{"line 2", "format 17", "212"}},
		{"file elsewhere", map[string]string{"r.hea": "r 1\n../r.dat 16\n"}, []string{`"../r.dat"`, "beside the header"}},
		{"rate of 0", map[string]string{"r.hea": "r 1 0\nr.dat 16\n"}, []string{"rate", "above 0"}},
		{"rate that is no number", map[string]string{"r.hea": "r 1 NaN\nr.dat 16\n"}, []string{"rate", "NaN"}},
		{"gain that is no number", map[string]string{"r.hea": "r 1 1 1\nr.dat 16 x\n"}, []string{"gain", `"x"`}},
		{"huge frame", map[string]string{"r.hea": "r 5 1 1\n" + strings.Repeat("r.dat 16x65000\n", 5)}, []string{"325000 samples in a frame"}},
		{"no signal file", map[string]string{"r.hea": "r 1 1 1\nr.dat 16\n"}, []string{"r.dat is not there"}},
		{"short signal file", map[string]string{"r.hea": "r 1 1 3\nr.dat 16\n", "r.dat": "1234"}, []string{"r.dat holds 2 frames", "4 bytes", "want 3"}},
		{"wrong checksum", map[string]string{"r.hea": "r 1 1 2\nr.dat 16 200 16 0 1 4 0 II\n", "r.dat": words16(1, 2)}, []string{"r.dat", `"II"`, "checksum 3", "want 4"}},
		{"two formats in a file", map[string]string{"r.hea": "r 2 1 1\nr.dat 16\nr.dat 80\n", "r.dat": "1234"}, []string{"format 80", "want 16"}},
		{"a file in two places", map[string]string{"r.hea": "r 3 1 1\nr.dat 16\nq.dat 16\nr.dat 16\n", "r.dat": "1234", "q.dat": "12"}, []string{"r.dat", "next to it"}},
		{"no FLAC", map[string]string{"r.hea": "r 1 1 1\nr.dat 516\n", "r.dat": "1234"}, []string{"r.dat", "no FLAC"}},
		{"segments that do not add up", map[string]string{"r.hea": "r/1 1 1 5\na 3\n"}, []string{"3 frames, want 5"}},
		{"segment of another length", map[string]string{"r.hea": "r/1 1 1 3\na 3\n", "a.hea": "a 1 1 2\na.dat 16\n", "a.dat": "1234"}, []string{"segment a", "2 frames, want 3"}},
		{"segment of segments", map[string]string{"r.hea": "r/1 1 1 3\nr 3\n"}, []string{"segment r has segments itself"}},
		{"segment of another rate", map[string]string{"r.hea": "r/1 1 1 2\na 2\n", "a.hea": "a 1 9 2\na.dat 16\n", "a.dat": "1234"}, []string{"segment a", "9", "want 1"}},
		{"segment with a signal that the layout lacks", map[string]string{"r.hea": "r/2 1 1 2\nl 0\na 2\n", "l.hea": "l 1 1 0\n~ 0 1 0 0 0 0 0 II\n", "a.hea": "a 1 1 2\na.dat 16 1 0 0 0 0 0 V\n", "a.dat": "1234"}, []string{"segment a", `"V"`, "layout"}},
		{"nothing but gaps", map[string]string{"r.hea": "r/1 1 1 2\n~ 2\n"}, []string{"gaps"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := readAll(made(tt.files), "r")
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
	for name, file := range map[string]string{
		"torn": words16(1 << 10), "within a skip": words16(59<<10, 1), "within a text": words16(1<<10, 63<<10|9),
		"text first": words16(63<<10, 0), "an odd byte": words16(1<<10) + "x",
	} {
		if _, err := ParseAnnotations([]byte(file), 360); err == nil || !strings.Contains(err.Error(), "byte") {
			t.Errorf("annotations %s: error %v, want one that says where", name, err)
		}
	}
}

// longFile is a signal file that is made as it is read, so that it takes no memory.
type longFile struct{ size int64 }

func (f longFile) Stat() (fs.FileInfo, error) { return longInfo(f), nil }
func (f longFile) Close() error               { return nil }
func (f longFile) Read([]byte) (int, error)   { return 0, io.EOF }
func (f longFile) ReadAt(b []byte, at int64) (int, error) {
	for i := range b {
		b[i] = byte(at + int64(i))
	}
	return len(b), nil
}

type longInfo struct{ size int64 }

func (longInfo) Name() string       { return "r.dat" }
func (i longInfo) Size() int64      { return i.size }
func (longInfo) Mode() fs.FileMode  { return 0o444 }
func (longInfo) ModTime() time.Time { return time.Time{} }
func (longInfo) IsDir() bool        { return false }
func (longInfo) Sys() any           { return nil }

// longFS has one long signal file beside the files of another file system.
type longFS struct {
	fs.FS
	size int64
}

func (l longFS) Open(name string) (fs.File, error) {
	if name == "r.dat" {
		return longFile{l.size}, nil
	}
	return l.FS.Open(name)
}

// A day of 12 leads at 250 Hz, with skew, is read in little memory.
func TestADayOfManySignalsInLittleMemory(t *testing.T) {
	const frames = 24 * 3600 * 250
	header := "r 12 250 21600000\n" + strings.Repeat("r.dat 212:5 200\n", 12)
	files := longFS{fstest.MapFS{"r.hea": &fstest.MapFile{Data: []byte(header)}}, frames * 12 * 3 / 2}
	r, err := Open(files, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var c waveform.Chunk
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var read int64
	for range 20 { // the begin, and the same again far in
		if err := r.Next(&c, 1<<30); err != nil {
			t.Fatal(err)
		}
		read += int64(c.Frames)
	}
	if err := r.Goto(frames - 100_000); err != nil {
		t.Fatal(err)
	}
	for {
		err := r.Next(&c, 1<<30)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		read += int64(c.Frames)
	}
	runtime.ReadMemStats(&after)
	if read < 300_000 {
		t.Fatalf("read %d frames", read)
	}
	// All that was ever allocated, which is more than what is held at a time.
	if used := after.TotalAlloc - before.TotalAlloc; used > 32<<20 {
		t.Errorf("%d MB were allocated, want at most 32", used>>20)
	}
}

// plainFS gives files that can only be read on, as those of archives.
type plainFS struct{ fs.FS }

type plainFile struct{ fs.File }

func (p plainFS) Open(name string) (fs.File, error) {
	f, err := p.FS.Open(name)
	return plainFile{f}, err
}

// In an archive, too, a record can be read from any frame.
func TestFilesThatCanOnlyBeReadOn(t *testing.T) {
	files := plainFS{made(map[string]string{"r.hea": "r 1 1 4\nr.dat 16\n", "r.dat": words16(1, 2, 3, 4)})}
	r, err := Open(files, "r")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var c waveform.Chunk
	for _, frame := range []int64{2, 0, 3} {
		if err := r.Goto(frame); err != nil {
			t.Fatal(err)
		}
		if err := r.Next(&c, 1); err != nil || c.Samples[0][0] != int32(frame+1) {
			t.Errorf("frame %d: %v, %v", frame, c.Samples, err)
		}
	}
}

// No record of made-up bytes makes the reader panic or read without end.
func FuzzRecord(f *testing.F) {
	f.Add("r 1 100 2\nr.dat 212\n", []byte("12345"))
	f.Add("r 2 100\nr.dat 8x2:1+1 200(3)/mm[Hg] 12 0 5 9 0 ABP\nr.dat 8\n", []byte("123456789"))
	f.Add("r 1 100 2\nr.dat 516\n", []byte("fLaC\x80\x00\x00\x22"))
	f.Add("r/2 1 100 4\na 2\n~ 2\n", []byte("1234"))
	f.Add("a 1 100 2\nr.dat 310\n", []byte("1234"))
	f.Fuzz(func(t *testing.T, header string, data []byte) {
		files := made(map[string]string{"r.hea": header, "r.dat": string(data), "a.hea": "a 1 100 2\nr.dat 16\n"})
		if h, err := ParseHeader([]byte(header)); err != nil || h.Frames > 1<<20 {
			return
		}
		_, _ = readAll(files, "r")
	})
}

// Nor do annotations.
func FuzzAnnotations(f *testing.F) {
	f.Add([]byte(words16(1<<10|1, 63<<10|2) + "hi" + words16(0)))
	f.Add([]byte(words16(59<<10, 0, 5, 1<<10, 0)))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ParseAnnotations(b, 360)
	})
}
