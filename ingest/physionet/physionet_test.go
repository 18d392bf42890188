package physionet

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

const head = "Time,Parameter,Value\n"

// folder writes files, by name, into a fresh folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// archive packs files in the order of names.
func archive(t testing.TB, names []string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Every kind of line ends in its class.
func TestLines(t *testing.T) {
	for _, c := range []struct{ before, line, class string }{
		{"", "00:07,HR,73", "used"},
		{"00:07,HR,73", "00:07,HR,74", "used"}, // two values at one time: both
		{"00:07,HR,73", "00:08,HR,73", "used"},
		{"00:07,HR,73", "00:07,HR,73.0", "duplicate"},
		{"", "48:00,HR,70", "used"},
		{"", "00:07,pH,735", "used"},
		{"00:07,pH,735", "00:07,pH,7.35", "duplicate"},
		{"00:07,pH,7.34", "00:07,pH,73.4", "duplicate"},
		{"", "00:07,pH,85", "implausible"},
		{"00:07,FiO2,0.4", "00:07,FiO2,40", "duplicate"}, // a percentage
		{"00:07,AST,14220", "00:07,AST,1.422e+04", "duplicate"},
		{"", "00:07,Temp,-17.8", "implausible"},
		{"", "00:07,HR,-1", "no_value"},
		{"", "00:07,HR,", "no_value"},
		{"", "10:45,,1.9", "no_value"},
		{"", "10:45,,", "no_value"},
		{"", "48:01,HR,70", "outside_stay"},
		{"", "100:00,HR,70", "outside_stay"},
		{"", "00:07,Pulse,70", "unmapped"},
		{"", "49:00,Pulse,-1", "unmapped"}, // the first that applies
		{"", "00:07,Age,54", "unmapped"},   // not known at admission, and no channel
		{"", "0:07:00,HR,70", "unreadable"},
		{"", "00:60,HR,71", "unreadable"},
		{"", "-1:10,HR,71", "unreadable"},
		{"", ",HR,71", "unreadable"},
		{"", "00:07,HR,fast", "unreadable"},
		{"", "00:07,HR,NaN", "unreadable"},
		{"", "00:07,HR", "unreadable"},
		{"", "00:07,HR,1,2", "unreadable"},
		{"", "00:07,H\xffR,1", "unreadable"},
		{"", "00:00,RecordID,7", "used"},
		{"00:00,RecordID,7", "00:00,RecordID,7", "duplicate"},
		{"", "00:00,Age,54", "used"},
		{"00:00,Age,54", "00:00,Age,55", "implausible"}, // it contradicts the first
		{"00:00,Age,-1", "00:00,Age,55", "used"},
		{"", "00:00,Gender,2", "implausible"},
		{"", "00:00,Gender,-1", "no_value"},
		{"", "00:00,Gender,1", "used"},
		{"", "00:00,Height,1.8", "implausible"},
		{"", "00:00,Height,180", "used"},
		{"00:00,Height,180", "05:00,Height,180", "used"}, // an observation
		{"", "00:00,ICUType,5", "implausible"},
		{"", "00:00,ICUType,2", "used"},
		{"", "00:00,Weight,0", "implausible"},
		{"00:00,Weight,76", "00:00,Weight,77", "used"},
	} {
		before := head
		if c.before != "" {
			before += c.before + "\n"
		}
		a, b := classes(t, before), classes(t, before+c.line+"\n")
		b[c.class]--
		b["read"]--
		if c.class == "unreadable" {
			b["told"]--
		}
		if diff := cmp.Diff(a, b, cmpopts.IgnoreMapEntries(func(_ string, n int) bool { return n == 0 })); diff != "" {
			t.Errorf("%q behind %q is not %s: %s", c.line, c.before, c.class, diff)
		}
	}
}

// classes are the counts of one record.
func classes(t *testing.T, text string) map[string]int {
	_, s := read(t, folder(t, map[string]string{"7.txt": text}))
	r := s.Rows()
	n := map[string]int{"read": r.Read, "used": r.Used, "unmapped": r.Unmapped, "duplicate": r.Duplicate, "told": len(r.Problems)}
	for reason, k := range r.RejectedBy {
		n[string(reason)] = k
	}
	return n
}

// The admit says what is known at admission, and the first of two weights.
func TestStatics(t *testing.T) {
	patients, _ := read(t, folder(t, map[string]string{"7.txt": head +
		"00:00,Weight,0\n00:00,Weight,76\n00:00,Weight,77\n00:00,Gender,0\n00:00,ICUType,2\n00:00,Height,180\n00:00,Age,54.5\n05:00,Weight,80\n05:00,Height,181\n"}))
	age, height, weight := float32(54.5), float32(180), float32(76)
	p := patients["physionet2012:7"]
	want := schemas.Statics{AgeYears: &age, HeightCM: &height, WeightKG: &weight, Sex: "female", Unit: "CSRU"}
	if diff := cmp.Diff(want, p.Events[0].ADT.Statics); diff != "" || p.Events[0].ADT.Unit != "CSRU" {
		t.Error(diff)
	}
	values := []seen{{0, "weight", 76, "7:3"}, {0, "weight", 77, "7:4"}, {300, "weight", 80, "7:9"}, {300, "height", 181, "7:10"}}
	if got := observations(t, p); !slices.Equal(got, values) {
		t.Errorf("observations %+v", got)
	}
}

// The same records in another form or order are the same run; one other value is
// another.
func TestHashIsOverTheData(t *testing.T) {
	files := map[string]string{}
	for i := range 5 {
		files[fmt.Sprintf("set-x/%d.txt", 10+i)] = fmt.Sprintf("%s00:00,RecordID,%d\n00:0%d,HR,8%d\n00:0%d,HR,9%d\n01:00,K,4.%d\n", head, 10+i, i, i, i, i, i)
	}
	var names []string
	bare, crlf := map[string]string{}, map[string]string{}
	for name, text := range files {
		names = append(names, name)
		bare[filepath.Base(name)] = text
		crlf[name] = strings.ReplaceAll(text, "\n", "\r\n")
	}
	slices.Sort(names)
	forward := string(archive(t, names, files))
	both := map[string]string{"set-x.tar.gz": forward, "Outcomes-x.txt": "RecordID\n", "README.txt": "hello"}
	for name, text := range files {
		both[name] = text
	}
	slices.Reverse(names)
	backward := folder(t, map[string]string{"any.tgz": string(archive(t, append(names, "set-x/README.txt"), files))})
	var want *Source
	for name, path := range map[string]string{
		"folder of records": folder(t, bare), "folder of a folder": folder(t, files), "CRLF": folder(t, crlf),
		"folder of an archive": folder(t, map[string]string{"set-x.tar.gz": forward}), "archive backwards": filepath.Join(backward, "any.tgz"),
		"archive and what was in it": folder(t, both),
	} {
		_, s := read(t, path)
		if want == nil {
			want = s
		}
		if diff := cmp.Diff(want.Rows(), s.Rows()); s.Hash() != want.Hash() || diff != "" || s.Rows().Used != 20 {
			t.Errorf("%s: hash %s, want %s; rows %s", name, s.Hash(), want.Hash(), diff)
		}
	}
	bare["10.txt"] = strings.Replace(bare["10.txt"], "HR,80", "HR,81", 1)
	if _, s := read(t, folder(t, bare)); s.Hash() == want.Hash() {
		t.Error("another value has the same hash")
	}
}

// What is no set of records, or a torn one, is one error that says what and where.
func TestWrongFiles(t *testing.T) {
	record := map[string]string{"set-x/1.txt": head + "00:00,RecordID,1\n" + strings.Repeat("00:01,HR,80\n", 9000)}
	whole := archive(t, []string{"set-x/1.txt"}, record)
	spoilt := bytes.Clone(whole)
	spoilt[len(spoilt)-6] ^= 1 // the checksum at the end
	two := archive(t, []string{"set-x/1.txt", "set-y/1.txt"}, map[string]string{"set-x/1.txt": head, "set-y/1.txt": head})
	file := func(name string, b []byte) string {
		return filepath.Join(folder(t, map[string]string{name: string(b)}), name)
	}
	for name, c := range map[string]struct {
		path string
		says []string
	}{
		"missing":        {filepath.Join(t.TempDir(), "nowhere"), []string{"nowhere", "set-a.tar.gz"}},
		"empty folder":   {t.TempDir(), []string{"RecordID.txt", "nothing"}},
		"another folder": {folder(t, map[string]string{"ICUSTAYS.csv": "a", "notes.txt": "b"}), []string{"RecordID.txt", "ICUSTAYS.csv, notes.txt"}},
		"another file":   {file("1.csv", nil), []string{"1.csv", ".tar.gz"}},
		"not gzip":       {file("a.tar.gz", []byte("hello, hello")), []string{"a.tar.gz", "not a gzip file", "get it again"}},
		"cut off":        {file("a.tar.gz", whole[:len(whole)/2]), []string{"a.tar.gz", "cut off", "get it again"}},
		"end cut off":    {file("a.tar.gz", whole[:len(whole)-4]), []string{"a.tar.gz", "set-x/1.txt", "get it again"}},
		"checksum":       {file("a.tar.gz", spoilt), []string{"a.tar.gz", "set-x/1.txt", "get it again"}},
		"not tar":        {file("a.tar.gz", gzipped(t, strings.Repeat("hello", 500))), []string{"a.tar.gz", "get it again"}},
		"no record":      {file("a.tar.gz", archive(t, []string{"x/readme.txt"}, nil)), []string{"a.tar.gz", "no PhysioNet 2012 record"}},
		"empty record":   {folder(t, map[string]string{"1.txt": ""}), []string{"1.txt", "empty", "Time,Parameter,Value"}},
		"another header": {folder(t, map[string]string{"1.txt": "HR,Temp\n80,37\n"}), []string{"1.txt", "no column time", "Time,Parameter,Value"}},
		"second header":  {folder(t, map[string]string{"1.txt": head, "2.txt": "00:07,HR,80\n"}), []string{"2.txt", "Time,Parameter,Value"}},
		"another record": {folder(t, map[string]string{"1.txt": head + "00:00,RecordID,2\n"}), []string{"1.txt line 2", "RecordID 2"}},
		"twice":          {file("a.tar.gz", two), []string{"record 1", "twice", "set-x/1.txt", "set-y/1.txt"}},
	} {
		s, err := Open(c.path)
		if err == nil {
			for _, err = range s.Patients(t.Context()) {
				if err != nil {
					break
				}
			}
		}
		for _, words := range c.says {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v; it does not say %q", name, err, words)
			}
		}
	}
}

func gzipped(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// Whatever stands in a record, each of its lines is counted once, and what is
// sent can be planned.
func FuzzRecord(f *testing.F) {
	f.Add(head + "00:00,RecordID,7\n10:45,,1.9\n00:07,HR,73\n")
	f.Add(head + "48:00,pH,735\n\n-1:00,\"HR\",7e3\n")
	f.Add("Value,Time,Parameter\n73,00:07,HR\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Open(folder(t, map[string]string{"7.txt": text}))
		if err != nil {
			return
		}
		plan, err := replay.NewPlan(t.Context(), s, replay.Options{})
		if err != nil {
			return
		}
		r := plan.Rows
		if r.Read > strings.Count(text, "\n")+1 || r.Read != r.Used+r.Unmapped+r.Duplicate+r.Rejected || plan.Len() < 2 {
			t.Errorf("%q: %+v, %d events", text, r, plan.Len())
		}
	})
}
