package fleximodal_test

import (
	"compress/gzip"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/fusion/fleximodal"
	"github.com/vigil-icu/vigil/schemas"
)

const manifest = `format: 1
name: small
window: {length: 4, unit: hours}
modalities:
  - {name: fast, kind: series, file: fast.csv, columns: [a, b]}
  - {name: slow, kind: series, file: slow.csv, columns: [c]}
  - {name: text, kind: items, file: text.csv, columns: [v1, v2]}
  - {name: visit, kind: items, file: visit.csv}
labels:
  file: labels.csv
  tasks:
    - {name: y, kind: binary}
    - {name: z, kind: regression, weight: 0.5}
`

// files of a small directory.
func files() map[string]string {
	return map[string]string{
		"manifest.yaml": manifest,
		"labels.csv":    "subject,y,split,z\ns2,0,validation,\ns1,1,train,-0.5\ns3,,test,2\n",
		"fast.csv":      "subject,time,b,a,note\ns1,3.5,,4,x\ns1,0.2,7,1,\ns1,0.1,,3,\ns1,4,1,,\n",
		"slow.csv":      "time,subject,c\n2,s2,-1e1\n",
		"text.csv":      "subject,time,v1,v2\ns1,1,5,6\ns1,0,,\ns2,3,,\n",
		"visit.csv":     "subject,time\ns3,4\n",
	}
}

func write(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, ".gz") {
			z := gzip.NewWriter(f)
			_, err = z.Write([]byte(text))
			if err == nil {
				err = z.Close()
			}
		} else {
			_, err = f.WriteString(text)
		}
		if err != nil || f.Close() != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func unpack(e *fleximodal.Example, channels, cells int) encoders.Series {
	s := encoders.NewSeries(channels, cells)
	e.Series.Unpack(&s)
	return s
}

func TestRead(t *testing.T) {
	data, err := fleximodal.Read(t.Context(), write(t, files()), 4)
	if err != nil {
		t.Fatal(err)
	}
	if len(data.Examples) != 3 || data.Rows != 3+4+1+3+1 || len(data.Hash) != 64 {
		t.Fatalf("%d examples, %d rows, hash %q", len(data.Examples), data.Rows, data.Hash)
	}
	s1, s2, s3 := &data.Examples[0], &data.Examples[1], &data.Examples[2]
	want := encoders.NewSeries(3, 4)
	// a: 3 then 1 in cell 0, 4 in cell 3; b: 7 in cell 0, 1 at the window's end
	want.Count = []float32{2, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0}
	want.Mean = []float32{2, 0, 0, 4, 7, 0, 0, 1, 0, 0, 0, 0}
	want.Var[0] = 1
	want.Min = []float32{1, 0, 0, 4, 7, 0, 0, 1, 0, 0, 0, 0}
	want.Max = []float32{3, 0, 0, 4, 7, 0, 0, 1, 0, 0, 0, 0}
	want.First = []float32{3, 0, 0, 4, 7, 0, 0, 1, 0, 0, 0, 0}
	want.Last = []float32{1, 0, 0, 4, 7, 0, 0, 1, 0, 0, 0, 0}
	if d := cmp.Diff(want, unpack(s1, 3, 4)); d != "" {
		t.Errorf("s1 (-want +got):\n%s", d)
	}
	if got := unpack(s2, 3, 4); got.Count[10] != 1 || got.Mean[10] != -10 {
		t.Errorf("s2: %v", got)
	}
	nan := float32(math.NaN())
	for name, c := range map[string]struct{ got, want any }{
		"items of s1":  {s1.Items, []encoders.Items{{State: schemas.Present, Width: 2, Tau: []float32{0.25}, Vectors: []float32{5, 6}}, {State: schemas.Absent}}},
		"items of s2":  {s2.Items, []encoders.Items{{State: schemas.Unusable, Width: 2}, {State: schemas.Absent}}},
		"items of s3":  {s3.Items, []encoders.Items{{State: schemas.Absent, Width: 2}, {State: schemas.Present, Tau: []float32{1}}}},
		"labels of s1": {s1.Labels, []float32{1, -0.5}},
		"labels of s2": {s2.Labels, []float32{0, nan}},
		"labels of s3": {s3.Labels, []float32{nan, 2}},
		"splits":       {[]fleximodal.Part{s1.Part, s2.Part, s3.Part}, []fleximodal.Part{fleximodal.Train, fleximodal.Validation, fleximodal.Test}},
	} {
		if d := cmp.Diff(c.want, c.got, cmp.Comparer(func(a, b float32) bool { return a == b || a != a && b != b })); d != "" {
			t.Errorf("%s (-want +got):\n%s", name, d)
		}
	}
}

// Rows of labels with times are examples of their own, and see nothing that comes later.
func TestReadTimes(t *testing.T) {
	f := files()
	f["labels.csv"] = "subject,time,y,split,z\ns1,0.15,1,train,\ns1,5,0,train,\ns2,4,1,validation,\ns3,4,1,test,\n"
	f["fast.csv"] += "s1,40,9,9,\n"
	data, err := fleximodal.Read(t.Context(), write(t, f), 4)
	if err != nil {
		t.Fatal(err)
	}
	early, late := unpack(&data.Examples[0], 3, 4), unpack(&data.Examples[1], 3, 4)
	if d := cmp.Diff([]float32{0, 0, 0, 1}, early.Count[:4]); d != "" || early.Mean[3] != 3 {
		t.Errorf("at 0.15: %s %v", d, early.Mean)
	}
	if d := cmp.Diff([]float32{0, 0, 1, 0, 0, 0, 0, 1}, late.Count[:8]); d != "" {
		t.Errorf("at 5 (-want +got):\n%s", d)
	}
	if data.Examples[1].Items[0].State != schemas.Present || data.Examples[0].Items[0].State != schemas.Unusable {
		t.Errorf("items at 5: %+v, at 0.15: %+v", data.Examples[1].Items, data.Examples[0].Items)
	}
}

func TestReadGzip(t *testing.T) {
	f := files()
	f["fast.csv.gz"] = f["fast.csv"]
	delete(f, "fast.csv")
	f["manifest.yaml"] = strings.Replace(manifest, "fast.csv", "fast.csv.gz", 1)
	packed, err := fleximodal.Read(t.Context(), write(t, f), 4)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := fleximodal.Read(t.Context(), write(t, files()), 4)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(unpack(&plain.Examples[0], 3, 4), unpack(&packed.Examples[0], 3, 4)); d != "" {
		t.Errorf("(-plain +gzip):\n%s", d)
	}
}

// What cannot be read is refused with file, line, column and what would mend it.
func TestReadRefuses(t *testing.T) {
	change := func(file, from, to string) func(map[string]string) {
		return func(f map[string]string) {
			if !strings.Contains(f[file], from) {
				t.Fatalf("%s has no %q", file, from)
			}
			f[file] = strings.Replace(f[file], from, to, 1)
		}
	}
	for name, c := range map[string]struct {
		change func(map[string]string)
		want   []string
	}{
		"no manifest":     {func(f map[string]string) { delete(f, "manifest.yaml") }, []string{"no manifest.yaml", "go doc"}},
		"an empty one":    {func(f map[string]string) { f["manifest.yaml"] = "" }, []string{"is empty"}},
		"a key":           {change("manifest.yaml", "format: 1", "fromat: 1"), []string{"manifest.yaml", "line 1", "fromat"}},
		"a format":        {change("manifest.yaml", "format: 1", "format: 2"), []string{"format is 2, want 1"}},
		"a window":        {change("manifest.yaml", "length: 4", "length: 0"), []string{"window", "above 0"}},
		"a kind":          {change("manifest.yaml", "kind: items", "kind: notes"), []string{`modality text: kind is "notes", want series or items`}},
		"a name twice":    {change("manifest.yaml", "columns: [c]", "columns: [a]"), []string{`"a"`, "twice"}},
		"a path":          {change("manifest.yaml", "file: slow.csv", "file: ../slow.csv"), []string{"slow", "directory of the manifest"}},
		"a first task":    {change("manifest.yaml", "name: y, kind: binary", "name: y, kind: regression"), []string{"must be binary"}},
		"no table":        {func(f map[string]string) { delete(f, "slow.csv") }, []string{"slow.csv is not there"}},
		"no column":       {change("slow.csv", ",c\n", ",d\n"), []string{"slow.csv", "no column c", "d", "mend the name in manifest.yaml"}},
		"no number":       {change("fast.csv", "7,1,", "7,one,"), []string{"fast.csv line 3, column a", `"one"`, "want"}},
		"not a number":    {change("fast.csv", "7,1,", "7,NaN,"), []string{"fast.csv line 3, column a", `"NaN"`}},
		"no time":         {change("fast.csv", "s1,0.2", "s1,"), []string{"fast.csv line 3, column time", "hours"}},
		"outside":         {change("slow.csv", "2,s2", "4.5,s2"), []string{"slow.csv line 2, column time", "outside the window", "column time"}},
		"no such subject": {change("slow.csv", "s2", "s9"), []string{"slow.csv line 2, column subject", "s9", "labels.csv"}},
		"half a vector":   {change("text.csv", "5,6", "5,"), []string{"text.csv line 2, column v2", "whole vector"}},
		"a short row":     {change("text.csv", "s1,1,5,6", "s1,1,5"), []string{"text.csv line 2", "3 fields"}},
		"a part":          {change("labels.csv", "train", "training"), []string{"labels.csv line 3, column split", "train, validation or test"}},
		"an empty part":   {change("labels.csv", "train", "test"), []string{"no row of split train"}},
		"a label":         {change("labels.csv", "s1,1", "s1,2"), []string{"labels.csv line 3, column y", "0, 1"}},
		"a subject twice": {change("labels.csv", "s3", "s2"), []string{"labels.csv line 4, column split", "s2", "one part"}},
		"no subject":      {change("labels.csv", "s3", ""), []string{"labels.csv line 4, column subject", "empty"}},
	} {
		f := files()
		c.change(f)
		_, err := fleximodal.Read(t.Context(), write(t, f), 4)
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
}

var few = fleximodal.Invented{Train: 60, Validation: 20, Test: 20}

func generated(t *testing.T, seed uint64, cells int) *fleximodal.Dataset {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pumps")
	if err := fleximodal.Generate(dir, seed, few); err != nil {
		t.Fatal(err)
	}
	data, err := fleximodal.Read(t.Context(), dir, cells)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The generator is fixed: this is the hash of the files of seed 1.
func TestGenerateIsFixed(t *testing.T) {
	const want = "dd0ca63cfa15b420c3c4b8e7c083fa828f89b90c86be7f3fb9b9fc43e330cd30"
	if got := generated(t, 1, 48).Hash; got != want {
		t.Errorf("hash %s, want %s: comparisons that were made no longer hold", got, want)
	}
	if generated(t, 2, 48).Hash == want {
		t.Error("another seed gives the same files")
	}
}

// Every modality is missing of some, the times are irregular, both labels are there.
func TestGenerate(t *testing.T) {
	data := generated(t, 1, 48)
	if len(data.Examples) != 100 {
		t.Fatalf("%d examples", len(data.Examples))
	}
	var missing [3]int
	parts, failed, unusable := map[fleximodal.Part]int{}, 0, 0
	for i := range data.Examples {
		e := &data.Examples[i]
		s := unpack(e, 4, 48)
		var n [2]float32
		for at, count := range s.Count {
			n[at/(2*48)] += count
		}
		for k := range n {
			if n[k] == 0 {
				missing[k]++
			}
		}
		switch e.Items[0].State {
		case schemas.Absent:
			missing[2]++
		case schemas.Unusable:
			unusable++
		}
		parts[e.Part]++
		failed += int(e.Labels[0])
	}
	for k, n := range missing {
		if n < 3 || n > 40 {
			t.Errorf("modality %d is missing of %d of 100", k, n)
		}
	}
	if parts[fleximodal.Train] != 60 || parts[fleximodal.Test] != 20 || failed < 30 || failed > 70 || unusable == 0 {
		t.Errorf("parts %v, %d failed, %d unusable", parts, failed, unusable)
	}
	if err := fleximodal.Generate(t.TempDir(), 1, few); err == nil {
		t.Error("a directory that is there is written over")
	}
}
