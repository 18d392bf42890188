package labelled

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/vigil-icu/vigil/schemas/opendata"
)

// npy is an array with a header of its own.
func npy(header string, data ...byte) string {
	b := binary.LittleEndian.AppendUint16([]byte("\x93NUMPY\x01\x00"), uint16(len(header)))
	return string(b) + header + string(data)
}

func head(kind, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }\n", kind, shape)
}

func npz(t testing.TB, files ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, f := range files {
		w, err := z.Create(f[0])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(f[1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tell is the films in words.
func tell(list *[]string) func(*Item) error {
	return func(i *Item) error {
		shade := "unread"
		if i.Film != nil {
			shade = fmt.Sprintf("%dx%d %.2f", i.Film.Width, i.Film.Height, i.Film.Shade[len(i.Film.Shade)-1])
		}
		*list = append(*list, fmt.Sprintf("%s/%s %v %s", i.Part, i.Name, i.Pneumonia, shade))
		return nil
	}
}

func want(t *testing.T, got []string, want ...string) {
	t.Helper()
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("%q, want %q", got, want)
	}
}

// Arrays of 8 and of 16 bits, with colours, labels of several types.
func TestArraysOfFilms(t *testing.T) {
	b := npz(t,
		[2]string{"test_images.npy", npy(head("|u1", "2, 1, 2"), 0, 51, 255, 102)}, [2]string{"test_labels.npy", npy(head("<i8", "2,"), append(make([]byte, 8), 1, 0, 0, 0, 0, 0, 0, 0)...)},
		[2]string{"images.npy", npy(head("<u2", "1, 1, 1, 3"), 0, 0, 255, 255, 255, 255)}, [2]string{"labels.npy", npy(head("|b1", "1, 1"), 1)})
	var got []string
	if err := NPZ(bytes.NewReader(b), int64(len(b)), tell(&got)); err != nil {
		t.Fatal(err)
	}
	want(t, got, "test/0 false 2x1 0.20", "test/1 true 2x1 0.40", "/0 true 1x1 0.67")
}

func TestArraysThatCannotBe(t *testing.T) {
	images := [2]string{"images.npy", npy(head("|u1", "2, 1, 2"), 0, 51, 255, 102)}
	labels := [2]string{"labels.npy", npy(head("|u1", "2, 1"), 0, 1)}
	for name, c := range map[string]struct {
		files [][2]string
		want  string
	}{
		"none":            {[][2]string{{"a.npy", ""}}, "holds no array of images"},
		"no labels":       {[][2]string{images}, "labels.npy: is not there"},
		"no array":        {[][2]string{images, {"labels.npy", "x"}}, "does not begin"},
		"a label of 2":    {[][2]string{images, {"labels.npy", npy(head("|u1", "2, 1"), 0, 2)}}, "label 2 is none of 0 and 1"},
		"float labels":    {[][2]string{images, {"labels.npy", npy(head("<f4", "1,"), 0, 0, 0, 0)}}, "type f4"},
		"other counts":    {[][2]string{images, {"labels.npy", npy(head("|u1", "3,"), 0, 1, 1)}}, "2 images and 3 labels"},
		"torn":            {[][2]string{{"images.npy", npy(head("|u1", "2, 1, 2"), 0, 51, 255)}, labels}, "image 2 of 2"},
		"torn labels":     {[][2]string{images, {"labels.npy", npy(head("|u1", "2000000000,"), 0)}}, "label 2 of 2000000000"},
		"huge":            {[][2]string{{"images.npy", npy(head("|u1", "2, 65536, 65536"))}, labels}, "at most 16777216 pixels"},
		"huger":           {[][2]string{{"images.npy", npy(head("|u1", "2, 999999999999, 999999"))}, labels}, "elements"},
		"Fortran":         {[][2]string{{"images.npy", npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1, 2), }")}, labels}, "Fortran"},
		"a long header":   {[][2]string{{"images.npy", "\x93NUMPY\x02\x00\xff\xff\xff\xff"}, labels}, "header of 4294967295 bytes"},
		"pickled objects": {[][2]string{{"images.npy", npy(head("|O8", "2,"))}, labels}, "no descr"},
	} {
		b := npz(t, c.files...)
		if err := NPZ(bytes.NewReader(b), int64(len(b)), func(*Item) error { return nil }); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if err := NPZ(strings.NewReader("no zip"), 6, nil); err == nil || !strings.Contains(err.Error(), "zip of arrays") {
		t.Error(err)
	}
}

// The answers of a folder are in its name, in a table or in arrays; what is no image is passed over,
// and what should be one says why it cannot be read.
func TestFoldersOfFilms(t *testing.T) {
	var b bytes.Buffer
	p := image.NewGray(image.Rect(0, 0, 3, 2))
	p.Pix[5] = 255
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	film := &fstest.MapFile{Data: b.Bytes()}
	files := fstest.MapFS{
		"test/NORMAL/a.png": film, "test/PNEUMONIA/b.png": film, "test/PNEUMONIA/README": {Data: []byte("x")}, "test/PNEUMONIA/c.dcm": {Data: []byte("x")},
		"1/d.PNG": film, "other/e.png": film,
		"site/labels.csv": {Data: []byte("label,file\n1,x/f.png\npneumonia,g.png\n0,h.png\n")}, "site/x/f.png": film, "site/g.png": film,
		"z.npz": {Data: npz(t, [2]string{"val_images.npy", npy(head("|u1", "1, 1, 1"), 255)}, [2]string{"val_labels.npy", npy(head("|u1", "1, 1"), 1)})},
	}
	var got []string
	if err := Folder(files, tell(&got)); err != nil {
		t.Fatal(err)
	}
	want(t, got, "/d.PNG true 3x2 1.00", "site/f.png true 3x2 1.00", "site/g.png true 3x2 1.00", "site/h.png false unread",
		"test/a.png false 3x2 1.00", "test/b.png true 3x2 1.00", "test/c.dcm true unread", "val/0 true 1x1 1.00")
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"nothing":     {fstest.MapFS{"a/b.png": film}, "holds no labelled film"},
		"columns":     {fstest.MapFS{"labels.csv": {Data: []byte("a,b\n")}}, "no columns file and label"},
		"a label":     {fstest.MapFS{"labels.csv": {Data: []byte("file,label\na.png,maybe\n")}}, "line 2"},
		"out of it":   {fstest.MapFS{"labels.csv": {Data: []byte("file,label\n../../a.png,1\n")}}, "not below"},
		"torn arrays": {fstest.MapFS{"a.npz": {Data: []byte("x")}}, "a.npz: is no .npz"},
	} {
		if err := Folder(c.files, func(*Item) error { return nil }); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// The open set has the films that its README counts.
func TestOpenFilms(t *testing.T) {
	f, err := os.Open(filepath.Join(opendata.Dir(t), "cxr", "pneumoniamnist_train_val.npz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	err = NPZ(f, info.Size(), func(i *Item) error {
		count[i.Part]++
		if i.Pneumonia {
			count[i.Part+" pneumonia"]++
		}
		if i.Film.Width != 28 || i.Film.Height != 28 || len(i.Film.Shade) != 28*28 {
			t.Fatalf("%s %s is %d by %d", i.Part, i.Name, i.Film.Width, i.Film.Height)
		}
		return nil
	})
	if got := fmt.Sprint(count); err != nil || got != "map[train:3882 train pneumonia:3494 val:524 val pneumonia:389]" {
		t.Errorf("%s, %v", got, err)
	}
}
