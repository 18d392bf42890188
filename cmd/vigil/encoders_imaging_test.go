package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/encoders/imaging/labelled"
	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// filmArrays is a file of arrays with so many invented films of a part: every third has no patch.
func filmArrays(t *testing.T, part string, n int) string {
	t.Helper()
	var films, labels []byte
	for k := range n {
		ill := k%3 > 0
		labels = append(labels, map[bool]byte{true: 1, false: 0}[ill])
		for i := range 28 * 28 {
			v := 60 + 40*nn.Draw{Seed: 3}.Uniform(0, uint64(k), uint64(i))
			if r, c := i/28, i%28; ill && r > 8 && r < 20 && c > 4 && c < 12 {
				v += 100
			}
			films = append(films, byte(v))
		}
	}
	return writeFilmArrays(t, part, films, labels)
}

func writeFilmArrays(t *testing.T, part string, films, labels []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "films.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z := zip.NewWriter(f)
	for _, c := range []struct {
		name, shape string
		data        []byte
	}{{"images", fmt.Sprintf("%d, 28, 28", len(labels)), films}, {"labels", fmt.Sprintf("%d, 1", len(labels)), labels}} {
		w, err := z.Create(part + "_" + c.name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		header := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%s), }\n", c.shape)
		fmt.Fprintf(w, "\x93NUMPY\x01\x00%c\x00%s%s", len(header), header, c.data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// The last line of --json begins with how many films there were and the area under the curve.
func TestEncodersEvaluateImaging(t *testing.T) {
	var out, talk strings.Builder
	if code := run(context.Background(), []string{"encoders", "evaluate", "imaging", filmArrays(t, "test", 30), "--json"}, &out, &talk); code != boot.ExitOK {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	last := lines[len(lines)-1]
	var got struct {
		N         int
		AUROC     *float64
		Part      string
		Pneumonia int
		Cost      *float64 `json:"ms_per_film"`
	}
	if err := json.Unmarshal([]byte(last), &got); err != nil || !strings.HasPrefix(last, `{"n":30,"auroc":`) {
		t.Fatalf("%v: %s", err, last)
	}
	if got.AUROC == nil || got.Part != "test" || got.Pneumonia != 20 || got.Cost == nil {
		t.Errorf("%s", last)
	}
	if !strings.Contains(out.String(), imaging.Fidelity) || strings.Contains(talk.String(), "fitted") {
		t.Errorf("%s%s", out.String(), talk.String())
	}
}

// The validation part of the open set has been fitted to, which the command says; here its first films.
func TestEncodersEvaluateImagingSaysWhatItWasFittedTo(t *testing.T) {
	f, err := os.Open(filepath.Join(opendata.Dir(t), "cxr", "pneumoniamnist_train_val.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	var films, labels []byte
	err = labelled.NPZ(f, info.Size(), func(i *labelled.Item) error {
		if i.Part != "val" || len(labels) == 40 {
			return nil
		}
		labels = append(labels, map[bool]byte{true: 1, false: 0}[i.Pneumonia])
		for _, v := range i.Film.Shade {
			films = append(films, byte(math.Round(float64(v)*255)))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var out, talk strings.Builder
	if code := run(context.Background(), []string{"encoders", "evaluate", "imaging", writeFilmArrays(t, "val", films, labels), "--json"}, &out, &talk); code != boot.ExitOK {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	if !strings.Contains(talk.String(), `fitted to 40 of the 40 films of "val"`) || !strings.Contains(out.String(), `"part":"val"`) {
		t.Errorf("%s%s", out.String(), talk.String())
	}
}

func TestEncodersEvaluateImagingSaysWhatItCannotRead(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "PNEUMONIA"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "PNEUMONIA", "a.dcm"), []byte("no DICOM"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{filepath.Join(dir, "none")}, boot.ExitUsage, "there is no"},
		{[]string{t.TempDir()}, boot.ExitProblems, "holds no labelled film"},
		{[]string{dir}, boot.ExitProblems, "none of DICOM, PNG or JPEG"},
		{[]string{filepath.Join(dir, "PNEUMONIA", "a.dcm")}, boot.ExitProblems, "zip of arrays"},
		{[]string{filmArrays(t, "val", 4), "--part", "test"}, boot.ExitUsage, `has the parts ["val"]`},
		{nil, boot.ExitUsage, "takes one file or folder"},
	} {
		var out, talk strings.Builder
		if code := run(context.Background(), append([]string{"encoders", "evaluate", "imaging"}, c.args...), &out, &talk); code != c.code || !strings.Contains(talk.String(), c.want) {
			t.Errorf("%v: exit code %d, %q, want %d and %q", c.args, code, talk.String(), c.code, c.want)
		}
	}
}

// A fit prints what it is worth and writes weights that are read again.
func TestEncodersTrainImaging(t *testing.T) {
	weights := filepath.Join(t.TempDir(), "weights.json")
	var out, talk strings.Builder
	args := []string{"encoders", "train", "imaging", filmArrays(t, "train", 60), "--folds", "2", "--epochs", "6", "--out", weights}
	if code := run(context.Background(), args, &out, &talk); code != boot.ExitOK {
		t.Fatalf("exit code %d: %s", code, talk.String())
	}
	b, err := os.ReadFile(weights)
	if err != nil {
		t.Fatal(err)
	}
	c, err := imaging.Parse(b)
	if err != nil || len(c.Members) != 2 || len(c.Seen) != 60 {
		t.Errorf("%v, %d networks", err, len(c.Members))
	}
	for _, row := range []string{"fold 1", "fold 2", "train", "all"} {
		if !strings.Contains(out.String(), row+" ") {
			t.Errorf("no row %q in\n%s", row, out.String())
		}
	}
	talk.Reset()
	if code := run(context.Background(), []string{"encoders", "train", "imaging", filmArrays(t, "train", 60), "--folds", "1"}, &out, &talk); code != boot.ExitUsage || !strings.Contains(talk.String(), "2 folds") {
		t.Errorf("one fold: exit code %d, %s", code, talk.String())
	}
}

// A film is explained by view, acquisition and findings; what is no film says why it is not used.
func TestExplainImage(t *testing.T) {
	for file, want := range map[string][]string{
		"cxr_monochrome1_implicit.dcm": {"application/dicom, 512 by 512", "pneumonia, probability", imaging.StoredInverted, imaging.Fidelity, "not a medical device"},
		"CT_small.dcm":                 {"not used", "modality CT"},
		"00000001_000.png":             {"image/png", "not told"},
	} {
		var out, talk strings.Builder
		path := filepath.Join(opendata.Dir(t), "dicom", file)
		if code := run(context.Background(), []string{"encoders", "explain", "image", path}, &out, &talk); code != boot.ExitOK {
			t.Fatalf("exit code %d: %s", code, talk.String())
		}
		for _, w := range want {
			if !strings.Contains(out.String(), w) {
				t.Errorf("%s: no %q in\n%s", file, w, out.String())
			}
		}
		out.Reset()
		run(context.Background(), []string{"encoders", "explain", "image", path, "--json"}, &out, &talk)
		var j struct {
			Width  int
			Vector []float32
			Unused string
		}
		if err := json.Unmarshal([]byte(out.String()), &j); err != nil || (j.Unused == "") != (len(j.Vector) == imaging.Width) {
			t.Errorf("%s: %v, %s", file, err, out.String())
		}
	}
	var out, talk strings.Builder
	path := filepath.Join(opendata.Dir(t), "dicom", "waveform_ecg.dcm")
	if code := run(context.Background(), []string{"encoders", "explain", "image", path}, &out, &talk); code != boot.ExitProblems || !strings.Contains(talk.String(), "this is no image") {
		t.Errorf("exit code %d, %s", code, talk.String())
	}
}
