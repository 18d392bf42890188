package imaging

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/encoders/nn"
	"github.com/vigil-icu/vigil/encoders/nn/gradient"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// open is a file of the open data.
func open(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(opendata.Dir(t), "dicom", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func encodePNG(t testing.TB, p image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chest is an invented picture that is dark at both sides of a bright middle.
func chest(w, h int) *image.Gray {
	p := image.NewGray(image.Rect(0, 0, w, h))
	for i := range w * h {
		x, y := float64(i%w)/float64(w)-0.5, float64(i/w)/float64(h)-0.5
		lung := math.Exp(-((math.Abs(x)-0.22)*(math.Abs(x)-0.22)/0.02 + y*y/0.08))
		p.Pix[i] = uint8(220 - 170*lung)
	}
	return p
}

// A film is the same whether it comes as DICOM, stored inverted or not, or as PNG.
func TestOneFilmInSeveralForms(t *testing.T) {
	for dcm, film := range map[string]string{"cxr_monochrome2_explicit.dcm": "00000001_000.png", "cxr_monochrome1_implicit.dcm": "00027426_000.png"} {
		a, err := Encode(open(t, dcm), "application/dicom")
		if err != nil {
			t.Fatal(err)
		}
		b, err := Encode(open(t, film), "image/png; q=1")
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Vector) != Width || len(b.Vector) != Width {
			t.Fatalf("%d and %d numbers, want %d", len(a.Vector), len(b.Vector), Width)
		}
		for i := range Width - flags { // the flags tell how it was stored
			if math.Abs(float64(a.Vector[i]-b.Vector[i])) > 1e-4 {
				t.Errorf("%s: number %d is %v, and %v of the PNG", dcm, i, a.Vector[i], b.Vector[i])
			}
		}
		if _, inverted := a.Value(StoredInverted); inverted != strings.Contains(dcm, "monochrome1") {
			t.Errorf("%s: stored inverted is %v", dcm, inverted)
		}
		if p, ok := a.Value(Pneumonia); !ok || !(p > 0 && p < 1) {
			t.Errorf("%s: a probability of %v", dcm, p)
		}
	}
}

// Sixteen bits, colours and JPEG give what eight bits of grey do.
func TestPicturesOfAllKinds(t *testing.T) {
	p := chest(90, 70)
	deep, colour := image.NewGray16(p.Rect), image.NewNRGBA(p.Rect)
	for i, v := range p.Pix {
		deep.SetGray16(i%90, i/90, color.Gray16{Y: uint16(v) * 257})
		colour.SetNRGBA(i%90, i/90, color.NRGBA{R: v, G: v, B: v, A: 255})
	}
	var j bytes.Buffer
	if err := jpeg.Encode(&j, p, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	want, err := Decode(encodePNG(t, p), "")
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"16 bits": encodePNG(t, deep), "colour": encodePNG(t, colour), "JPEG": j.Bytes()} {
		f, err := Decode(b, "")
		if err != nil || f.Width != 90 || f.Height != 70 {
			t.Fatalf("%s: %v", name, err)
		}
		for i, v := range f.Shade {
			if math.Abs(float64(v-want.Shade[i])) > 0.02 {
				t.Fatalf("%s: pixel %d is %v, want %v", name, i, v, want.Shade[i])
			}
		}
	}
}

func TestWhatIsNoImageIsRefused(t *testing.T) {
	good := encodePNG(t, chest(40, 40))
	// A header that claims 60000 by 60000 pixels, and one that claims more than its bytes can hold.
	huge, thin := slices.Clone(good), slices.Clone(good)
	copy(huge[16:24], "\x00\x00\xea\x60\x00\x00\xea\x60")
	copy(thin[16:24], "\x00\x00\x0f\xff\x00\x00\x0f\xff")
	for _, h := range [][]byte{huge, thin} {
		sum := crc(h[12:29])
		h[29], h[30], h[31], h[32] = byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum)
	}
	for name, c := range map[string]struct {
		b         []byte
		mediaType string
		want      string
	}{
		"nothing":           {nil, "", "no bytes"},
		"text":              {[]byte("Zyxwv has a cough"), "", "none of DICOM, PNG or JPEG"},
		"another type":      {good, "image/jpeg", "says image/jpeg, and the bytes are image/png"},
		"a type not read":   {good, "image/tiff", "none that is read"},
		"torn":              {good[:len(good)-20], "", "image/png"},
		"huge":              {huge, "", "60000 by 60000"},
		"more than it can":  {thin, "", "cannot hold 4095 by 4095"},
		"DICOM of an ECG":   {open(t, "waveform_ecg.dcm"), "", "this is no image"},
		"DICOM, and torn":   {open(t, "CT_small.dcm")[:30000], "", "says that it has"},
		"in passes":         {append([]byte("\xff\xd8\xff\xc2\x00\x0b\x08\x0f\xff\x0f\xff\x01\x01\x11\x00\xff\xda\x00\x02"), make([]byte, 40000)...), "", "in several passes"},
		"a JPEG of nothing": {[]byte("\xff\xd8\xff\xe0"), "", "image/jpeg"},
	} {
		e, err := Encode(c.b, c.mediaType)
		if err == nil || e != nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Zyxwv") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// crc is that of a PNG's chunk.
func crc(b []byte) uint32 {
	sum := ^uint32(0)
	for _, v := range b {
		sum ^= uint32(v)
		for range 8 {
			sum = sum>>1 ^ 0xedb88320&-(sum&1)
		}
	}
	return ^sum
}

// What is no film of a chest from the front is present, and is not used.
func TestWhatIsNotUsedSaysWhy(t *testing.T) {
	film := func(f Film) *Film {
		f.Width, f.Height = 40, 40
		for _, v := range chest(40, 40).Pix {
			f.Shade = append(f.Shade, float32(v)/255)
		}
		return &f
	}
	blank := &Film{Width: 40, Height: 40, Shade: make([]float32, 1600)}
	ct, err := Decode(open(t, "CT_small.dcm"), "")
	if err != nil {
		t.Fatal(err)
	}
	for want, f := range map[string]*Film{
		"lateral": film(Film{View: Lateral}), "modality CT": ct, "one shade": blank, "8 by 40": {Width: 8, Height: 40, Shade: make([]float32, 320)},
	} {
		if e := EncodeFilm(f); !strings.Contains(e.Unused, want) || e.Vector != nil || e.Findings != nil {
			t.Errorf("%+v, want %q", e, want)
		}
	}
	e := EncodeFilm(film(Film{View: AP, Portable: true, Modality: "DX"}))
	for _, name := range []string{Pneumonia, TakenAP, TakenPortable} {
		if _, ok := e.Value(name); !ok {
			t.Errorf("no finding %q in %+v", name, e.Findings)
		}
	}
	if _, ok := e.Value(TakenPA); ok || e.Unused != "" {
		t.Errorf("%+v", e)
	}
}

// The view and the bed are told by any of the elements that devices use for it.
func TestAcquisitionByItsElements(t *testing.T) {
	for text, want := range map[string]View{
		"AP": AP, "PA ": PA, "LL": Lateral, "RLD": Lateral, "antero-posterior": AP, "Chest PA and lat": PA, "CHEST AP PORTABLE": AP,
		"postero-anterior": PA, "Thorax lateral": Lateral, "": UnknownView, "APEX": UnknownView, "SPAIN": UnknownView,
	} {
		if got := viewNamed(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A summary is of the length that its groups say, does not see exposure but where it says so, and
// sees what is where.
func TestSummary(t *testing.T) {
	n := 0
	for _, g := range Groups {
		n += g.Count
	}
	film := func(change func(v float64, x int) float64) *Film {
		f := &Film{Width: 100, Height: 100}
		for i, v := range chest(100, 100).Pix {
			f.Shade = append(f.Shade, float32(change(float64(v)/255, i%100)))
		}
		return f
	}
	same := Summary(film(func(v float64, _ int) float64 { return v }))
	darker := Summary(film(func(v float64, _ int) float64 { return v * v * 0.8 }))
	if n != Features || len(same) != Features {
		t.Fatalf("groups of %d, %d features, want %d", n, len(same), Features)
	}
	for i := range Features - len(exposed) {
		if math.IsNaN(float64(same[i])) || math.Abs(float64(same[i]-darker[i])) > 0.12 {
			t.Fatalf("feature %d is %v, and %v of the darker film", i, same[i], darker[i])
		}
	}
	if a, b := group(same, "exposure")[0], group(darker, "exposure")[0]; a < b+0.1 {
		t.Errorf("a mean of %v, and %v of the darker film", a, b)
	}
	left := Summary(film(func(v float64, x int) float64 {
		if x < 50 {
			return v
		}
		return v * 0.7
	}))
	// The cells of the fourth row from its left edge inwards; the same on both sides at first.
	for i, v := range group(same, "asymmetry")[12:16] {
		if w := group(left, "asymmetry")[12+i]; math.Abs(float64(v)) > 0.06 || w < v+0.05 {
			t.Errorf("asymmetry %d is %v, and %v with a dark right half", i, v, w)
		}
	}
}

// What a place covers is weighed by its share, also where a pixel is larger than a place.
func TestSquareIsTheMeanOfWhatIsCovered(t *testing.T) {
	f := &Film{Width: 5, Height: 3, Shade: []float32{9, 1, 2, 3, 9, 9, 4, 5, 6, 9, 9, 7, 8, 9, 9}}
	if got := f.square(1); math.Abs(float64(got[0])-5) > 1e-6 {
		t.Errorf("%v, want the mean of the middle", got)
	}
	if got, want := f.square(2)[0], float32((1+0.5*2+0.5*4+0.25*5)/2.25); math.Abs(float64(got-want)) > 1e-6 {
		t.Errorf("%v, want %v", got, want)
	}
	if got := f.square(6); got[0] != 1 || got[1] != 1 || got[35] != 9 {
		t.Errorf("%v", got)
	}
}

// The gradients of the network are those of its differences.
func TestGradientOfTheNetwork(t *testing.T) {
	n := NewNetwork[float64]()
	n.Draw(nn.Draw{Seed: 3})
	film := make([]float32, Edge*Edge)
	for i := range film {
		film[i] = float32(nn.Draw{Seed: 4}.Uniform(0, 0, uint64(i)))
	}
	input := Input([]float64(nil), film)
	worst, where := gradient.Check(&n.Params, 2, func(t *nn.Tape[float64]) nn.Tensor[float64] {
		_, logit := n.Forward(t, 1, input, nn.Dropping{})
		return t.BCE(logit, []float64{1}, []float64{1})
	})
	if worst > 1e-4 {
		t.Errorf("%v at %s", worst, where)
	}
}

// The weights in the program are for its network, say where they come from, and fit in a repository.
func TestShippedWeightsFit(t *testing.T) {
	c, err := Parse(weights)
	if err != nil {
		t.Fatal(err)
	}
	if len(weights) > 1<<20 || len(c.Seen) < 4000 || !slices.IsSorted(c.Seen) || !strings.Contains(c.Attribution, "CC BY 4.0") {
		t.Errorf("%d bytes, %d films, %q", len(weights), len(c.Seen), c.Attribution)
	}
	again, err := json.MarshalIndent(c, "", " ")
	if err != nil || !bytes.Equal(append(again, '\n'), weights) {
		t.Errorf("the weights are written otherwise than they were read: %v", err)
	}
}

// What the shipped networks say of two films stays what it is; kernels in assembly and in plain Go
// agree on it.
func TestReadingsOfOpenFilms(t *testing.T) {
	for name, want := range map[string]float64{"00000001_000.png": -0.6347, "00027426_000.png": -2.5623} {
		f, err := Decode(open(t, name), "")
		if err != nil {
			t.Fatal(err)
		}
		if got := Shipped().Read(f.Small()).Logit; math.Abs(got-want) > 1e-4 {
			t.Errorf("%s: %.4f, want %.4f", name, got, want)
		}
	}
}

// Weights that are not for this program are refused with the reason.
func TestForeignWeightsAreRefused(t *testing.T) {
	for name, mend := range map[string]func(*Classifier){
		"version 9":  func(c *Classifier) { c.Version = 9 },
		"0 networks": func(c *Classifier) { c.Members = nil },
		"a slope of": func(c *Classifier) { c.Slope = -1 },
		"network 2":  func(c *Classifier) { c.Members[1] = c.Members[1][1:] },
	} {
		c, err := Parse(weights)
		if err != nil {
			t.Fatal(err)
		}
		mend(c)
		b, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Parse(b); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v", name, err)
		}
	}
	if _, err := Parse([]byte(`{"version":1,"members":["@"]}`)); err == nil || !strings.Contains(err.Error(), "base64") {
		t.Error(err)
	}
}

// The same film has the same bits, alone and beside others at once.
func TestReadingIsTheSameInParallel(t *testing.T) {
	f, err := Decode(open(t, "00000001_000.png"), "")
	if err != nil {
		t.Fatal(err)
	}
	want := Shipped().Read(f.Small())
	for range 3 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 5 {
				if got := Shipped().Read(f.Small()); got != want {
					t.Errorf("%+v, want %+v", got, want)
				}
			}
		})
	}
}

// No bytes make the encoder panic; what it gives is finite and of one length.
func FuzzEncode(f *testing.F) {
	f.Add(encodePNG(f, chest(30, 30)))
	var j bytes.Buffer
	if err := jpeg.Encode(&j, chest(32, 32), nil); err != nil {
		f.Fatal(err)
	}
	f.Add(j.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Encode(b, "")
		if err != nil || e.Unused != "" {
			return
		}
		if len(e.Vector) != Width {
			t.Fatalf("%d numbers", len(e.Vector))
		}
		for _, v := range e.Vector {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Fatalf("a vector of %v", e.Vector)
			}
		}
	})
}

// What a film of each form costs: to decode, and to sum up.
func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"cxr_monochrome2_explicit.dcm", "00000001_000.png"} {
		bytes := open(b, name)
		b.Run(filepath.Ext(name)[1:], func(b *testing.B) {
			for b.Loop() {
				if _, err := Encode(bytes, ""); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	f, err := Decode(open(b, "00000001_000.png"), "")
	if err != nil {
		b.Fatal(err)
	}
	b.Run("summary", func(b *testing.B) {
		for b.Loop() {
			Summary(f)
		}
	})
	b.Run("networks", func(b *testing.B) {
		small := f.Small()
		for b.Loop() {
			Shipped().Read(small)
		}
	})
}
