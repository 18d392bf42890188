package modelfolder_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vigil-icu/vigil/encoders"
	"github.com/vigil-icu/vigil/encoders/modelfolder"
	"github.com/vigil-icu/vigil/encoders/network"
	"github.com/vigil-icu/vigil/encoders/onnx/onnxtest"
	"github.com/vigil-icu/vigil/schemas"
)

func means(t testing.TB) modelfolder.Means {
	l := onnxtest.Library(t)
	return modelfolder.Means{Load: func(file []byte) (network.Runner, error) { return l.Load(file) }}
}

func open(t testing.TB, dir string) *modelfolder.Encoder {
	t.Helper()
	e, err := modelfolder.Open(dir, means(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// Tokens, passes, pooling, pictures and strips are those that the tokenizers library, numpy and ONNX
// Runtime made in Python, by testdata/make.py.
func TestGoldenVectorsOfPython(t *testing.T) {
	for _, name := range []string{"notes", "imaging", "ecg"} {
		e := open(t, filepath.Join("testdata", name))
		if err := e.Verify(context.Background()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if encoders.Names[e.Modality()] != name || e.Name() != "invented-"+name+"/1" {
			t.Errorf("%s is %s of modality %d", name, e.Name(), e.Modality())
		}
	}
}

// The other ways to pool are those of Python too.
func TestPooling(t *testing.T) {
	for pooling, output := range map[string]string{"cls": "last_hidden_state", "pooler": "pooler_output", "mean": "last_hidden_state"} {
		dir := edited(t, "testdata/notes", map[string]func(string) string{"encoder.json": func(s string) string {
			r := strings.NewReplacer(`"dim": 16`, `"dim": 8`, "mean_max", pooling, `"last_hidden_state"`, `"`+output+`"`)
			end := `, "golden": {"file": "golden_` + pooling + `.json"}}`
			if pooling == "mean" {
				r = strings.NewReplacer(`"dim": 16`, `"dim": 8`, "mean_max\"", `mean", "normalize": true`)
			}
			return strings.TrimSuffix(r.Replace(s), "\n}\n") + end
		}})
		if err := open(t, dir).Verify(context.Background()); err != nil {
			t.Errorf("%s: %v", pooling, err)
		}
	}
}

// edited is a copy of a folder in which files were changed by rewrite, nil to leave one out.
func edited(t *testing.T, from string, rewrite map[string]func(string) string) string {
	t.Helper()
	dir := t.TempDir()
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		b, err := os.ReadFile(filepath.Join(from, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if change, is := rewrite[entry.Name()]; is {
			if change == nil {
				continue
			}
			b = []byte(change(string(b)))
		}
		if err := os.WriteFile(filepath.Join(dir, entry.Name()), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func swap(old, with string) func(string) string {
	return func(s string) string { return strings.Replace(s, old, with, 1) }
}

// Every folder that is not what it says it is ends in a reason, by Open or by Verify.
func TestFoldersThatAreRefused(t *testing.T) {
	type files = map[string]func(string) string
	manifest := func(old, with string) files { return files{"encoder.json": swap(old, with)} }
	for _, c := range []struct {
		name, from string
		change     files
		says       string
	}{
		{"no manifest", "notes", files{"encoder.json": nil}, `no "encoder.json"`},
		{"no network", "notes", files{"model.onnx": nil}, `no "model.onnx"`},
		{"no tokenizer", "notes", files{"tokenizer.json": nil}, `no "tokenizer.json"`},
		{"no golden vectors", "notes", files{"golden.json": nil}, `no "golden.json"`},
		{"no JSON", "notes", files{"encoder.json": func(string) string { return "{" }}, "encoder.json"},
		{"empty", "notes", files{"encoder.json": func(string) string { return "" }}, "empty"},
		{"an unknown key", "notes", manifest(`"dim"`, `"dims"`), "dims"},
		{"a key twice", "notes", manifest(`"dim"`, `"dim": 3, "dim"`), "dim"},
		{"another type", "notes", manifest(`"dim": 16`, `"dim": "wide"`), "line 5"},
		{"a huge width", "notes", manifest(`"dim": 16`, `"dim": 99999999`), "1 to 1024"},
		{"a number beyond all", "notes", manifest(`"dim": 16`, `"dim": 1e400`), "line 5"},
		{"no id", "notes", manifest("invented-notes", "../x"), "id: found"},
		{"another modality", "notes", manifest(`"modality": "notes"`, `"modality": "genes"`), "one of notes, ecg, imaging"},
		{"modality of another section", "notes", manifest(`"modality": "notes"`, `"modality": "ecg"`), "text: an encoder of ecg by a file has no such section"},
		{"no licence", "notes", manifest("Apache-2.0", ""), "license"},
		{"another network", "notes", manifest(`"sha256": "0`, `"sha256": "1`), "expected 1"},
		{"no hash", "notes", manifest(`"sha256"`, `"protocol"`), "either file"},
		{"a path out", "notes", manifest("model.onnx", "../model.onnx"), "leads out"},
		{"an absolute path", "notes", manifest("model.onnx", "/etc/passwd"), "leads out"},
		{"a folder as a file", "notes", manifest("model.onnx", "."), "no regular file"},
		{"a tokenizer out", "notes", manifest("tokenizer.json", "../../tokenizer.json"), "leads out"},
		{"passes without bound", "notes", manifest(`"stride": 6`, `"stride": 1, "max_passes": 100000`), "max_passes"},
		{"no room for tokens", "notes", manifest(`"max_tokens": 12`, `"max_tokens": 1`), "max_tokens"},
		{"another pooling", "notes", manifest(`"mean_max"`, `"median"`), "one of cls, pooler, mean, mean_max"},
		{"pooling that gives other vectors", "notes", files{"encoder.json": func(s string) string { return strings.Replace(s, `"stride": 6`, `"stride": 5`, 1) }}, "pass"},
		{"an odd width", "notes", manifest(`"dim": 16`, `"dim": 17`), "even"},
		{"a width that the network lacks", "notes", files{
			"encoder.json": swap(`"dim": 16`, `"dim": 14`),
			"golden.json":  func(string) string { return `{"cases":[{"text":"x","vector":[0,0,0,0,0,0,0,0,0,0,0,0,0,0]}]}` },
		}, "wanted is last_hidden_state float32 [1, ?, 7]"},
		{"another output", "notes", manifest(`"output": "last_hidden_state"`, `"output": "embedding"`), "no output embedding"},
		{"another input", "notes", manifest(`"max_tokens"`, `"ids": "tokens", "max_tokens"`), "no input tokens"},
		{"a vocabulary that was swapped", "notes", files{"tokenizer.json": func(s string) string {
			return strings.NewReplacer(`"septic":`, `"shock":`, `"shock":`, `"septic":`).Replace(s)
		}}, "token 5 of pass 1 is"},
		{"a cased tokenizer", "notes", files{"tokenizer.json": swap(`"lowercase": true`, `"lowercase": false`)}, "change case"},
		{"an empty vocabulary", "notes", files{"tokenizer.json": func(string) string { return "{}" }}, "tokenizer.json"},
		{"a tokenizer that is none", "notes", files{"tokenizer.json": func(string) string { return "[1]" }}, "tokenizer.json"},
		{"a tokenizer of another kind", "notes", files{"tokenizer.json": func(s string) string { return strings.ReplaceAll(s, `"WordPiece"`, `"Unigram"`) }}, "WordPiece, or BPE of bytes"},
		{"golden vectors of another network", "notes", files{"golden.json": swap("0.", "7.")}, "differ by more"},
		{"no golden case", "notes", files{"golden.json": func(string) string { return `{"cases":[]}` }}, "1 to 100"},
		{"a golden case of another modality", "notes", files{"golden.json": func(string) string { return `{"cases":[{"file":"x.png","vector":[1]}]}` }}, "found 1 numbers"},
		{"golden vectors with more behind", "notes", files{"golden.json": func(s string) string { return s + "{}" }}, "behind its end"},
		{"an unknown word among them", "notes", files{"golden.json": swap(`"text"`, `"txt"`)}, "txt"},
		{"a golden image out of the folder", "imaging", files{"golden.json": swap("wide.png", "../../secret.png")}, "leads out"},
		{"a golden image that is none", "imaging", files{"wide.png": func(string) string { return "GIF89a" }}, "no PNG or JPEG"},
		{"an image of no end", "imaging", files{"wide.png": func(s string) string { return s[:16] + "\x7f\xff\xff\xff\x7f\xff\xff\xff" + s[24:] }}, "image"},
		{"another range", "imaging", manifest("-1024", "0"), "differ by more"},
		{"three channels", "imaging", manifest(`"channels": 1`, `"channels": 3`), "wanted is film float32 [1, 3, 16, 16]"},
		{"another side", "imaging", manifest(`"side": 16`, `"side": 17`), "wanted is film float32 [1, 1, 17, 17]"},
		{"a huge side", "imaging", manifest(`"side": 16`, `"side": 1000000`), "1 to 2048"},
		{"no range", "imaging", manifest(`"low": -1024`, `"low": 1024`), "black and white"},
		{"an infinite range", "imaging", manifest(`"low": -1024`, `"low": -.inf`), "black and white"},
		{"no sd", "imaging", manifest(`"channels": 1`, `"channels": 1, "mean": [0.5], "sd": [0]`), "no sd 0"},
		{"leads in another order", "ecg", manifest(`"II",
			"V1"`, `"V1","II"`), "differ by more"},
		{"a lead twice", "ecg", manifest(`"V1"`, `"ii"`), "each once"},
		{"a third lead", "ecg", manifest(`"V1"`, `"V1", "aVR"`), "wanted is ecg float32 [1, 3, 150]"},
		{"another rate", "ecg", manifest(`"rate_hz": 100`, `"rate_hz": 90`), "differ by more"},
		{"a strip without end", "ecg", manifest(`"samples": 150`, `"samples": 2000000000`), "strip.samples"},
		{"a rule that is none", "ecg", manifest(`"samples": 150`, `"samples": 150, "missing": "guess"`), "one of refuse, zero"},
		{"both a file and a server", "ecg", manifest(`"file"`, `"protocol": "kserve", "address": "https://x", "file"`), "either file"},
	} {
		dir := edited(t, filepath.Join("testdata", c.from), c.change)
		e, err := modelfolder.Open(dir, means(t))
		if err == nil {
			err = e.Verify(context.Background())
			e.Close()
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v; want %q", c.name, err, c.says)
		}
	}
}

// A link out of the folder is not followed, a pipe is not waited for.
func TestLinksAndPipes(t *testing.T) {
	dir := edited(t, "testdata/notes", map[string]func(string) string{"model.onnx": nil, "golden.json": nil})
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "golden.json")); err != nil {
		t.Fatal(err)
	}
	if _, err := modelfolder.Open(dir, means(t)); err == nil || !strings.Contains(err.Error(), "leads out") {
		t.Errorf("a link out: %v", err)
	}
	if err := os.Remove(filepath.Join(dir, "golden.json")); err != nil {
		t.Fatal(err)
	}
	pipe(t, filepath.Join(dir, "golden.json"))
	if _, err := modelfolder.Open(dir, means(t)); err == nil || !strings.Contains(err.Error(), "no regular file") {
		t.Errorf("a pipe: %v", err)
	}
}

// Items that do not fit are refused, each with its reason, and never with the text of a note.
func TestItemsThatAreRefused(t *testing.T) {
	ecg, imaging, notes := open(t, "testdata/ecg"), open(t, "testdata/imaging"), open(t, "testdata/notes")
	strip := func(rate float64, n int, leads ...string) *schemas.Event {
		s := &schemas.Strip{RateHz: rate, Gain: 0.005, Leads: leads}
		for range leads {
			s.Samples = append(s.Samples, make([]int16, n))
		}
		return &schemas.Event{Strip: s}
	}
	marked := strip(100, 200, "II", "V1")
	marked.Strip.Samples[1][20] = -32768
	for _, c := range []struct {
		name string
		e    *modelfolder.Encoder
		item *schemas.Event
		says string
	}{
		{"three leads for others", ecg, strip(100, 200, "I", "III", "aVF"), "no lead II: found I, III, aVF, expected II, V1"},
		{"one lead of two", ecg, strip(100, 200, "II"), "no lead V1"},
		{"too short", ecg, strip(100, 149, "II", "V1"), "found 149 samples at 100 Hz, expected 150"},
		{"a broken rate", ecg, strip(125.5, 200, "II", "V1"), "whole number"},
		{"no samples in it", ecg, marked, "was not taken"},
		{"a note for an ECG", ecg, &schemas.Event{Note: &schemas.Note{Text: "secret words"}}, "another modality"},
		{"no bytes", imaging, &schemas.Event{Image: &schemas.Image{Reference: "x"}}, "without its bytes"},
		{"a torn image", imaging, &schemas.Event{Image: &schemas.Image{Bytes: []byte("\x89PNG\r\n\x1a\n")}}, "no PNG or JPEG"},
		{"a DICOM", imaging, &schemas.Event{Image: &schemas.Image{Bytes: append(make([]byte, 128), "DICM"...)}}, "no PNG or JPEG"},
		{"a strip for notes", notes, strip(100, 200, "II"), "another modality"},
	} {
		_, err := c.e.Encode(context.Background(), c.item)
		if !errors.Is(err, modelfolder.ErrUnfit) || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v; want %q", c.name, err, c.says)
		}
	}
	over, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := notes.Encode(over, &schemas.Event{Note: &schemas.Note{Text: "stable"}}); !errors.Is(err, modelfolder.ErrAway) {
		t.Errorf("no time: %v; want that it may be tried again", err)
	}
}

// A strip at another rate is resampled: a slow sine looks the same at 500 Hz and at 100 Hz.
func TestStripIsResampled(t *testing.T) {
	var golden struct {
		Cases []struct {
			Strip struct {
				Leads   []string
				Samples [][]int16
			}
		}
	}
	b, err := os.ReadFile("testdata/ecg/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &golden); err != nil {
		t.Fatal(err)
	}
	e, s := open(t, "testdata/ecg"), golden.Cases[0].Strip
	slow := &schemas.Strip{RateHz: 100, Gain: 0.005, Leads: s.Leads, Samples: [][]int16{s.Samples[0], s.Samples[0]}}
	fast := &schemas.Strip{RateHz: 200, Gain: 0.005, Leads: s.Leads, Samples: make([][]int16, 2)}
	for i := range fast.Samples {
		for k := 0; k+1 < len(s.Samples[0]); k++ { // between two samples of a slow cosine lies nearly their mean
			fast.Samples[i] = append(fast.Samples[i], s.Samples[0][k], (s.Samples[0][k]+s.Samples[0][k+1])/2)
		}
	}
	want, err := e.Encode(context.Background(), &schemas.Event{Strip: slow})
	if err != nil {
		t.Fatal(err)
	}
	got, err := e.Encode(context.Background(), &schemas.Event{Strip: fast})
	if err != nil {
		t.Fatal(err)
	}
	for i := range want {
		if d := got[i] - want[i]; d > 0.05 || d < -0.05 {
			t.Errorf("number %d is %v at 200 Hz, %v at 100 Hz", i, got[i], want[i])
		}
	}
}

// An encoder is asked by several goroutines at once and gives each the same bits; what is behind the
// last pass of a long note changes nothing.
func TestEncodeTogether(t *testing.T) {
	e := open(t, "testdata/notes")
	long := strings.Repeat("The patient is septic, on norepinephrine. ", 40)
	want, err := e.Encode(context.Background(), &schemas.Event{Note: &schemas.Note{Text: long}})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			text := long + strings.Repeat("stable ", i*1000) + strings.Repeat("x", i*50_000)
			if got, err := e.Encode(context.Background(), &schemas.Event{Note: &schemas.Note{Text: text}}); err != nil || !slices.Equal(got, want) {
				t.Errorf("%d: %v, %v", i, got, err)
			}
		})
	}
	all.Wait()
}

// A server that is away at the start is asked again; what it then gives is held against the golden
// vectors before anything is encoded.
func TestVerifyAgain(t *testing.T) {
	away, wrong := true, false
	dir := edited(t, "testdata/ecg", map[string]func(string) string{"encoder.json": func(s string) string {
		at := strings.Index(s, `"file"`)
		return s[:at] + `"protocol": "kserve", "address": "https://models.example", "model": "m"` + s[strings.Index(s, "\n\t},\n\t\"strip\""):]
	}})
	local := open(t, "testdata/ecg")
	m := means(t)
	m.Dial = func(n *modelfolder.Network, _ []byte) (network.Runner, modelfolder.TextRunner, error) {
		file, err := os.ReadFile("testdata/ecg/model.onnx")
		if err != nil {
			return nil, nil, err
		}
		r, err := m.Load(file)
		return runner{r, func() error {
			if away {
				return fmt.Errorf("%w: no route", modelfolder.ErrAway)
			}
			return nil
		}, &wrong}, nil, err
	}
	e, err := modelfolder.Open(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	item := &schemas.Event{Strip: &schemas.Strip{RateHz: 100, Gain: 0.005, Leads: []string{"II", "V1"}, Samples: [][]int16{make([]int16, 150), make([]int16, 150)}}}
	if _, err := e.Encode(context.Background(), item); !errors.Is(err, modelfolder.ErrAway) {
		t.Fatalf("away: %v", err)
	}
	away = false
	got, err := e.Encode(context.Background(), item)
	want, _ := local.Encode(context.Background(), item)
	if err != nil || !slices.Equal(got, want) {
		t.Fatalf("back: %v, %v; want %v", got, err, want)
	}
	e, err = modelfolder.Open(dir, m)
	if err != nil {
		t.Fatal(err)
	}
	wrong = true
	for range 2 {
		if _, err := e.Encode(context.Background(), item); !errors.Is(err, modelfolder.ErrOther) || !strings.Contains(err.Error(), "differ by more") {
			t.Fatalf("a server with another model: %v", err)
		}
		wrong = false // it stays refused: nobody knows which of its answers were right
	}
}

// runner is a network that can be away, or be another one.
type runner struct {
	network.Runner
	away  func() error
	wrong *bool
}

func (r runner) Run(ctx context.Context, inputs []network.Tensor, outputs []string) ([]network.Tensor, error) {
	if err := r.away(); err != nil {
		return nil, err
	}
	out, err := r.Runner.Run(ctx, inputs, outputs)
	if *r.wrong && err == nil {
		out[0].Floats[0]++
	}
	return out, err
}
