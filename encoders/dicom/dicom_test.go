package dicom

import (
	"bytes"
	"encoding/binary"
	"fmt"
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

	"github.com/vigil-icu/vigil/encoders/waveform"
	"github.com/vigil-icu/vigil/schemas/opendata"
)

// made is a file of elements in explicit little endian, for another syntax by its name alone.
func made(syntax string, elements ...[]byte) []byte {
	if len(syntax)%2 == 1 {
		syntax += "\x00"
	}
	b := append(make([]byte, preamble), magic...)
	b = append(b, el(TransferSyntaxUID, "UI", syntax)...)
	return append(b, bytes.Join(elements, nil)...)
}

// el is an element.
func el(tag Tag, vr, value string) []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(tag>>16))
	b = binary.LittleEndian.AppendUint16(b, uint16(tag))
	b = append(b, vr...)
	if longForm(vr) {
		b = binary.LittleEndian.AppendUint32(append(b, 0, 0), uint32(len(value)))
	} else {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
	}
	return append(b, value...)
}

// us is an element of a number of 16 bits.
func us(tag Tag, values ...int) []byte {
	return el(tag, "US", words(values...))
}

func words(values ...int) string {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, uint16(v))
	}
	return string(b)
}

// sequence is an element with items of known length.
func sequence(tag Tag, items ...[]byte) []byte {
	var b []byte
	for _, i := range items {
		b = append(b, 0xfe, 0xff, 0x00, 0xe0)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(i))), i...)
	}
	return el(tag, "SQ", string(b))
}

// grey is the elements of a grey image of one row.
func grey(columns, allocated, stored, signed int) []byte {
	return bytes.Join([][]byte{
		el(Photometric, "CS", "MONOCHROME2 "), us(Rows, 1), us(Columns, columns),
		us(BitsAllocated, allocated), us(BitsStored, stored), us(HighBit, stored-1), us(PixelRepresentation, signed),
	}, nil)
}

func imageOf(t testing.TB, b []byte) *Image {
	t.Helper()
	f, err := Read(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := f.Image()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func greyOf(t testing.TB, b []byte) *Grey {
	t.Helper()
	g, err := imageOf(t, b).Grey(0)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func stored(t testing.TB, b []byte, frame int) []int32 {
	t.Helper()
	v, err := imageOf(t, b).Stored(frame)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// open is a file of the open data.
func open(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(opendata.Dir(t), "dicom", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// One image in four encodings has the same pixels, and two films have those of their PNG.
func TestEncodingsOfOneImage(t *testing.T) {
	want := stored(t, open(t, "MR_small.dcm"), 0)
	if len(want) != 64*64 {
		t.Fatalf("%d pixels", len(want))
	}
	for _, name := range []string{"MR_small_implicit.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"} {
		if got := stored(t, open(t, name), 0); !slices.Equal(got, want) {
			t.Errorf("%s has other pixels", name)
		}
	}
	for name, film := range map[string]string{"cxr_monochrome2_explicit.dcm": "00000001_000.png", "cxr_monochrome1_implicit.dcm": "00027426_000.png"} {
		p, err := png.Decode(bytes.NewReader(open(t, film)))
		if err != nil {
			t.Fatal(err)
		}
		g := greyOf(t, open(t, name))
		if g.Inverted != strings.Contains(name, "monochrome1") || g.Width != p.Bounds().Dx() || g.Height != p.Bounds().Dy() {
			t.Errorf("%s: %d by %d, inverted %v", name, g.Width, g.Height, g.Inverted)
		}
		for i, shade := range g.Shade {
			if y := p.(*image.Gray).Pix[i]; math.Abs(float64(shade)-float64(y)/255) > 1e-6 {
				t.Fatalf("%s: pixel %d is %v, want %d/255", name, i, shade, y)
			}
		}
	}
}

// A CT's values are Hounsfield units: its air is near -1000.
func TestRescaleOfACT(t *testing.T) {
	v, err := imageOf(t, open(t, "CT_small.dcm")).Values(0)
	if err != nil {
		t.Fatal(err)
	}
	if low, high := slices.Min(v), slices.Max(v); low != -896 || high != 1167 {
		t.Errorf("%v to %v", low, high)
	}
}

// The library that was looked at gives 63602 for the first, and reads bits from the wrong end.
func TestPixelsAsTheyAreStored(t *testing.T) {
	minus := -1934
	// The first element of a kind counts, so that what is changed stands in front.
	for name, c := range map[string]struct {
		head  []byte
		data  string
		frame int
		want  []int32
	}{
		"16 bits with a sign":          {grey(3, 16, 16, 1), words(minus, -1, 1), 0, []int32{-1934, -1, 1}},
		"16 bits without":              {grey(2, 16, 16, 0), words(minus, 1), 0, []int32{63602, 1}},
		"12 bits with a sign":          {grey(3, 16, 12, 1), words(0xffff, 0xf7ff, 0x0800), 0, []int32{-1, 2047, -2048}},
		"12 bits above 4 others":       {append(us(HighBit, 15), grey(2, 16, 12, 0)...), words(0x7ff0, 0x001f), 0, []int32{0x7ff, 1}},
		"8 bits with a sign":           {grey(2, 8, 8, 1), "\x80\x7f", 0, []int32{-128, 127}},
		"single bits":                  {grey(10, 1, 1, 0), "\x05\x02", 0, []int32{1, 0, 1, 0, 0, 0, 0, 0, 0, 1}},
		"single bits of a later frame": {append(grey(3, 1, 1, 0), el(NumberOfFrames, "IS", "2 ")...), "\x28\x00", 1, []int32{1, 0, 1}},
		"a later frame":                {append(grey(2, 8, 8, 0), el(NumberOfFrames, "IS", "2 ")...), "\x01\x02\x03\x04", 1, []int32{3, 4}},
		"32 bits":                      {grey(1, 32, 32, 1), words(-2, -1), 0, []int32{-2}},
	} {
		if got := stored(t, made(explicitLittle, c.head, el(PixelData, "OW", c.data)), c.frame); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// The formulae of PS3.3, C.11.2.1.2.1 and C.11.2.1.3: the first two lines are its own examples.
func TestWindowByTheStandard(t *testing.T) {
	for _, c := range []struct {
		w       Window
		x, want float64
	}{
		{Window{2048, 4096, Linear}, 0, 0}, {Window{2048, 4096, Linear}, 1, 1.0 / 4095}, {Window{2048, 4096, Linear}, 4095, 1}, {Window{2048, 4096, Linear}, 4096, 1},
		{Window{0, 100, Linear}, -50, 0}, {Window{0, 100, Linear}, 49, 1}, {Window{0, 100, Linear}, -1, 49.0 / 99}, {Window{0, 100, Linear}, 50, 1},
		{Window{0, 1, Linear}, -1, 0}, {Window{0, 1, Linear}, 0, 1}, {Window{1, 1, Linear}, 0.5, 0}, {Window{1, 1, Linear}, 0.6, 1},
		{Window{0, 100, LinearExact}, -50, 0}, {Window{0, 100, LinearExact}, 0, 0.5}, {Window{0, 100, LinearExact}, 50, 1}, {Window{0, 100, LinearExact}, 25, 0.75},
		{Window{10, 4, Sigmoid}, 10, 0.5}, {Window{10, 4, Sigmoid}, 11, 1 / (1 + math.Exp(-1))},
	} {
		if got := c.w.At(c.x); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%+v at %v: %v, want %v", c.w, c.x, got, c.want)
		}
	}
}

// What stands between a stored value and a shade: padding, rescale, window, tables, inversion.
func TestShades(t *testing.T) {
	pixels := el(PixelData, "OW", words(0, 10, 20, -1))
	lut := func(tag Tag, first, bits int, values ...int) []byte {
		return sequence(tag, bytes.Join([][]byte{us(LUTDescriptor, len(values), first, bits), el(LUTData, "OW", words(values...))}, nil))
	}
	for name, c := range map[string]struct {
		elements [][]byte
		want     []float32
		padding  float64
	}{
		"darkest to lightest":  {[][]byte{grey(4, 16, 16, 1)}, []float32{1. / 21, 11. / 21, 1, 0}, 0},
		"padding is none":      {[][]byte{grey(4, 16, 16, 1), us(PixelPaddingValue, -1)}, []float32{0, 0.5, 1, 0}, 0.25},
		"a range of padding":   {[][]byte{grey(4, 16, 16, 1), us(PixelPaddingValue, -1), us(PixelPaddingRangeLimit, -100)}, []float32{0, 0.5, 1, 0}, 0.25},
		"and MONOCHROME1":      {[][]byte{el(Photometric, "CS", "MONOCHROME1 "), grey(4, 16, 16, 1), us(PixelPaddingValue, -1)}, []float32{1, 0.5, 0, 0}, 0.25},
		"inverse presentation": {[][]byte{grey(4, 16, 16, 1), us(PixelPaddingValue, -1), el(PresentationLUTShape, "CS", "INVERSE ")}, []float32{1, 0.5, 0, 0}, 0.25},
		"a window of the rescaled": {[][]byte{grey(4, 16, 16, 1), el(RescaleSlope, "DS", "2 "), el(RescaleIntercept, "DS", "-1000 "), el(WindowCenter, "DS", `-980\5 `), el(WindowWidth, "DS", `41\7`)},
			[]float32{0.5 / 40, 20.5 / 40, 1, 0}, 0},
		"a window of no width": {[][]byte{grey(4, 16, 16, 1), el(WindowCenter, "DS", "5 "), el(WindowWidth, "DS", "0 ")}, []float32{1. / 21, 11. / 21, 1, 0}, 0},
		"modality's table":     {[][]byte{grey(4, 16, 16, 1), lut(ModalityLUTSequence, 0, 16, slices.Repeat([]int{7}, 20)...)}, []float32{0, 0, 0, 0}, 0},
		"values of interest":   {[][]byte{grey(4, 16, 16, 1), lut(VOILUTSequence, 9, 8, 0, 51, 255)}, []float32{0, 0.2, 1, 0}, 0},
	} {
		g := greyOf(t, made(explicitLittle, append(c.elements, pixels)...))
		for i, want := range c.want {
			if math.Abs(float64(g.Shade[i]-want)) > 1e-6 {
				t.Errorf("%s: %v, want %v", name, g.Shade, c.want)
				break
			}
		}
		if g.Padding != c.padding {
			t.Errorf("%s: padding %v, want %v", name, g.Padding, c.padding)
		}
	}
}

// encapsulated is pixels in fragments behind an empty table of offsets.
func encapsulated(fragments ...[]byte) []byte {
	b := append([]byte{0xe0, 0x7f, 0x10, 0, 'O', 'B', 0, 0, 0xff, 0xff, 0xff, 0xff}, 0xfe, 0xff, 0, 0xe0, 0, 0, 0, 0)
	for _, f := range fragments {
		b = append(b, 0xfe, 0xff, 0, 0xe0)
		b = append(binary.LittleEndian.AppendUint32(b, uint32(len(f))), f...)
	}
	return append(b, 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0)
}

func TestJPEGBaseline(t *testing.T) {
	p := image.NewGray(image.Rect(0, 0, 20, 12))
	for i := range p.Pix {
		p.Pix[i] = uint8(i)
	}
	for y := range 12 {
		for x := range 20 {
			p.SetGray(x, y, color.Gray{Y: uint8(10*x + y)})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, p, &jpeg.Options{Quality: 100}); err != nil {
		t.Fatal(err)
	}
	if b.Len()%2 == 1 {
		b.WriteByte(0)
	}
	head := bytes.Join([][]byte{us(Rows, 12), grey(20, 8, 8, 0)}, nil)
	half := b.Len() / 2
	for name, pixels := range map[string][]byte{"one fragment": encapsulated(b.Bytes()), "two": encapsulated(b.Bytes()[:half], b.Bytes()[half:])} {
		for i, v := range stored(t, made(jpegBaseline, head, pixels), 0) {
			if want := 10*(i%20) + i/20; math.Abs(float64(int(v)-want)) > 3 {
				t.Fatalf("%s: pixel %d is %d, want about %d", name, i, v, want)
			}
		}
	}
	m := imageOf(t, made(jpegBaseline, grey(20, 8, 8, 0), encapsulated(b.Bytes())))
	if _, err := m.Stored(0); err == nil || !strings.Contains(err.Error(), "20 by 12, want 20 by 1") {
		t.Errorf("another size: %v", err)
	}
}

func TestColours(t *testing.T) {
	head := [][]byte{el(Photometric, "CS", "RGB "), us(SamplesPerPixel, 3), grey(2, 8, 8, 0)}
	want := []float32{0.299, 0.587}
	for name, more := range map[string][][]byte{
		"side by side": {el(PixelData, "OB", "\xff\x00\x00\x00\xff\x00")},
		"in planes":    {us(PlanarConfiguration, 1), el(PixelData, "OB", "\xff\x00\x00\xff\x00\x00")},
	} {
		g := greyOf(t, made(explicitLittle, append(slices.Clone(head), more...)...))
		for i, v := range g.Shade {
			if math.Abs(float64(v-want[i])) > 1e-6 {
				t.Errorf("%s: %v, want %v", name, g.Shade, want)
			}
		}
	}
}

// Whatever is not read is refused by what it is.
func TestRefusals(t *testing.T) {
	pixels := el(PixelData, "OW", words(1, 2))
	fragments := encapsulated([]byte("no image"))
	deep := el(VOILUTSequence, "SQ", "")
	for range maxDepth + 1 {
		deep = sequence(VOILUTSequence, deep)
	}
	for name, c := range map[string]struct {
		b    []byte
		want string
	}{
		"no magic":           {[]byte("DICM"), `no "DICM" at byte 128`},
		"deflated":           {made(deflated, []byte("\x4b\x4c\x4a")), "Deflated Explicit VR Little Endian (1.2.840.10008.1.2.1.99)"},
		"no syntax":          {append(make([]byte, preamble), magic...), "(0002,0010)"},
		"JPEG 2000":          {made("1.2.840.10008.1.2.4.90", grey(2, 16, 16, 0), fragments), "JPEG 2000 (Lossless Only) (1.2.840.10008.1.2.4.90), want an uncompressed one"},
		"JPEG lossless":      {made("1.2.840.10008.1.2.4.70", grey(2, 16, 16, 0), fragments), "First-Order Prediction"},
		"another syntax":     {made("1.2.3", grey(2, 16, 16, 0), fragments), "none that is known here (1.2.3)"},
		"torn JPEG":          {made(jpegBaseline, grey(2, 8, 8, 0), fragments), "JPEG Baseline"},
		"no fragment":        {made(jpegBaseline, grey(2, 8, 8, 0), encapsulated()), "fragments"},
		"torn RLE":           {made(rleLossless, grey(2, 8, 8, 0), fragments), "RLE"},
		"huge RLE":           {made(rleLossless, us(Rows, 4096), grey(4096, 8, 8, 0), encapsulated(append([]byte{1}, make([]byte, 99)...))), "cannot hold"},
		"too few pixels":     {made(explicitLittle, grey(3, 16, 16, 0), pixels), "4 bytes, want 6"},
		"too many pixels":    {made(explicitLittle, us(Rows, 65535), grey(65535, 16, 16, 0), pixels), "want at most 16777216"},
		"frames":             {made(explicitLittle, el(NumberOfFrames, "IS", "1000000 "), grey(2, 16, 16, 0), pixels), "1000000 frames"},
		"no rows":            {made(explicitLittle, el(Photometric, "CS", "MONOCHROME2 "), pixels), "(0028,0010)"},
		"palette":            {made(explicitLittle, el(Photometric, "CS", "PALETTE COLOR "), grey(2, 16, 16, 0), pixels), "photometric"},
		"7 bits":             {made(explicitLittle, us(BitsAllocated, 7), grey(2, 7, 7, 0), pixels), "7 bits"},
		"no image":           {made(explicitLittle, el(Modality, "CS", "ECG ")), "this is no image"},
		"a length too large": {append(made(explicitLittle), 0x08, 0, 0x70, 0, 'U', 'T', 0, 0, 0xf0, 0xff, 0xff, 0x7f), "says that it has 2147483632 bytes, and 0 are there"},
		"too deep":           {made(explicitLittle, deep), "16 deep"},
		"no representation":  {made(explicitLittle, []byte("\x08\x00\x70\x00\x00\x00\x00\x00")), "two capital letters"},
		"no end":             {made(explicitLittle, []byte("\x28\x00\x10\x30SQ\x00\x00\xff\xff\xff\xff")), "has no end"},
		"text for a number":  {made(explicitLittle, grey(2, 16, 16, 0), el(RescaleSlope, "DS", "Zyxwv "), pixels), "holds no number"},
		"progressive":        {made(jpegBaseline, us(Rows, 64), grey(64, 8, 8, 0), encapsulated([]byte("\xff\xd8\xff\xfe\x00\x02\xff\xff\xc2\x00\x0b\x08\x00\x40\x00\x40\x01\x01\x11\x00\xff\xda\x00\x02"), make([]byte, 40))), "progressive"},
		"slope 1e300":        {made(explicitLittle, grey(2, 16, 16, 0), el(RescaleSlope, "DS", "1e300 "), pixels), "up to 1e12"},
		"slope 0":            {made(explicitLittle, grey(2, 16, 16, 0), el(RescaleSlope, "DS", "0 "), pixels), "(0028,1053) is 0"},
		"a table of nothing": {made(explicitLittle, grey(2, 16, 16, 0), sequence(VOILUTSequence, us(LUTDescriptor, 5, 0, 8)), pixels), "(0028,3006)"},
	} {
		f, err := Read(c.b)
		if err == nil {
			var m *Image
			if m, err = f.Image(); err == nil {
				_, err = m.Grey(0)
			}
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "Zyxwv") {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A film that ends anywhere ends in an error, or has what was read of it.
func TestTornFiles(t *testing.T) {
	whole := open(t, "MR_small_RLE.dcm")
	for n := 0; n < len(whole); n += 37 {
		if f, err := Read(whole[:n]); err == nil && f.Find(PixelData) != nil {
			t.Fatalf("%d of %d bytes have pixels", n, len(whole))
		}
	}
}

// Elements beyond any file are refused before memory is taken for them.
func TestTooManyElements(t *testing.T) {
	b := made(explicitLittle, bytes.Repeat(el(Modality, "CS", ""), maxElements+1))
	if _, err := Read(b); err == nil || !strings.Contains(err.Error(), fmt.Sprint(maxElements)) {
		t.Error(err)
	}
}

// No file of made-up bytes makes the reader panic or read without end, and what it gives fits what
// the file says.
func FuzzRead(f *testing.F) {
	f.Add(made(explicitLittle, sequence(WaveformSequence, multiplex("SS", 16, words(1, 2, 3, 4, 5, 6), [][]byte{channel(), channel(el(ChannelSampleSkew, "DS", "1 "))}, el(WaveformPaddingValue, "OW", words(3))))))
	f.Add(made(explicitLittle, grey(2, 16, 12, 1), el(WindowCenter, "DS", "5 "), el(WindowWidth, "DS", "9 "), el(PixelData, "OW", words(1, 2))))
	f.Add(made(implicitLittle, []byte("\x28\x00\x10\x30\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff")))
	f.Add(made(rleLossless, grey(2, 8, 8, 0), encapsulated(append(append([]byte{1, 0, 0, 0, 64}, make([]byte, 59)...), 1, 7, 8, 0))))
	f.Add(made(jpegBaseline, grey(2, 8, 8, 0), encapsulated([]byte("\xff\xd8\xff"))))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(b)
		if err != nil {
			return
		}
		waveforms, err := file.Waveforms()
		if err != nil {
			waveforms = nil
		}
		for _, w := range waveforms {
			for c := (waveform.Chunk{}); w.Next(&c, 3) == nil; {
			}
		}
		m, err := file.Image()
		if err != nil {
			return
		}
		g, err := m.Grey(m.Frames - 1)
		if err != nil {
			return
		}
		if len(g.Shade) != m.Rows*m.Columns {
			t.Fatalf("%d shades for %d by %d", len(g.Shade), m.Columns, m.Rows)
		}
		for _, v := range g.Shade {
			if !(v >= 0 && v <= 1) {
				t.Fatalf("a shade of %v", v)
			}
		}
	})
}
