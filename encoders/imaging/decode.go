package imaging

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"github.com/vigil-icu/vigil/encoders/dicom"
)

// Format is the form of an image file.
type Format string

// Formats that are read, with their media types.
const (
	DICOM Format = "application/dicom"
	PNG   Format = "image/png"
	JPEG  Format = "image/jpeg"
)

// View is how the rays went through the chest.
type View string

// Views. AP is from the front, as of one who lies in bed; PA from the back, as of one who stands.
const (
	UnknownView View = ""
	AP          View = "AP"
	PA          View = "PA"
	Lateral     View = "lateral"
)

// Film is a grey image and what its file says of how it was taken. A PNG or a JPEG says nothing.
type Film struct {
	Format        Format
	Width, Height int
	// Shade is of each pixel, row by row, 0 for black and 1 for white.
	Shade []float32
	// Modality is the DICOM modality, if it is one of the standard's form: two capital letters.
	Modality string
	View     View
	// Portable says that the film was taken at the bed, as far as a description tells.
	Portable bool
	// Inverted says that the file stores white low; Shade does not. Windowed says that it has a
	// window, Padding which share of its pixels is none.
	Inverted, Windowed bool
	Padding            float64
	// Frames is how many there are; the film is the first.
	Frames int
}

// decodedBytes bounds the memory of a decoded PNG or JPEG, and pngPixels and jpegPixels how many
// pixels a byte of them can stand for: deflate makes at most 1032 bytes of one, and of a JPEG's
// blocks of 64 each takes a bit.
const (
	decodedBytes = 64 << 20
	pngPixels    = 8 * 1032
	jpegPixels   = 8 * 64
)

// progressivePixels is how many pixels a JPEG in several passes may have, for which the decoder takes
// 12 bytes more each.
const progressivePixels = 1 << 22

// Decode reads an image. The media type may be empty; else it must be that of what the bytes are.
func Decode(b []byte, mediaType string) (*Film, error) {
	format, err := formatOf(b)
	if err != nil {
		return nil, err
	}
	said, _, _ := strings.Cut(strings.ToLower(mediaType), ";")
	switch said = strings.TrimSpace(said); Format(said) {
	case "", format, "application/octet-stream":
	case DICOM, PNG, JPEG, "image/jpg", "application/dicom+octet-stream":
		if said == "image/jpg" && format == JPEG || said == "application/dicom+octet-stream" && format == DICOM {
			break
		}
		return nil, fmt.Errorf("the media type says %s, and the bytes are %s", said, format)
	default:
		return nil, fmt.Errorf("the media type is none that is read, want %s, %s or %s", DICOM, PNG, JPEG)
	}
	switch format {
	case DICOM:
		return decodeDICOM(b)
	case PNG:
		return decodePicture(b, PNG, png.DecodeConfig, png.Decode, pngPixels)
	}
	return decodePicture(b, JPEG, jpeg.DecodeConfig, jpeg.Decode, jpegPixels)
}

// formatOf knows a format by its first bytes.
func formatOf(b []byte) (Format, error) {
	switch {
	case dicom.Is(b):
		return DICOM, nil
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		return PNG, nil
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		return JPEG, nil
	case len(b) == 0:
		return "", errors.New("there are no bytes, want an image: DICOM, PNG or JPEG")
	}
	return "", errors.New("the first bytes are none of DICOM, PNG or JPEG")
}

func decodePicture(b []byte, format Format, config func(io.Reader) (image.Config, error), decode func(io.Reader) (image.Image, error), pixelsOfByte int) (*Film, error) {
	c, err := config(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	err = fits(c, len(b), pixelsOfByte)
	if err == nil && format == JPEG && dicom.Progressive(b) && c.Width*c.Height > progressivePixels {
		err = fmt.Errorf("%d by %d pixels in several passes, want at most %d", c.Width, c.Height, progressivePixels)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	p, err := decode(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	f := &Film{Format: format, Width: c.Width, Height: c.Height, Frames: 1, Shade: make([]float32, c.Width*c.Height)}
	at := p.Bounds().Min
	for y := range f.Height {
		row := f.Shade[y*f.Width : (y+1)*f.Width]
		switch p := p.(type) {
		case *image.Gray:
			for x := range row {
				row[x] = float32(p.Pix[y*p.Stride+x]) / 255
			}
		case *image.Gray16:
			for x := range row {
				row[x] = float32(uint16(p.Pix[y*p.Stride+2*x])<<8|uint16(p.Pix[y*p.Stride+2*x+1])) / 65535
			}
		case *image.YCbCr: // brightness is what it is made of
			for x := range row {
				row[x] = float32(p.Y[y*p.YStride+x]) / 255
			}
		default:
			for x := range row {
				row[x] = float32(color.Gray16Model.Convert(p.At(at.X+x, at.Y+y)).(color.Gray16).Y) / 65535
			}
		}
	}
	return f, nil
}

// fits holds what a picture claims against the bytes that are there.
func fits(c image.Config, have, pixelsOfByte int) error {
	each := 4
	switch c.ColorModel {
	case color.GrayModel:
		each = 1
	case color.Gray16Model:
		each = 2
	case color.RGBA64Model, color.NRGBA64Model:
		each = 8
	}
	w, h := int64(c.Width), int64(c.Height)
	switch {
	case w < 1 || h < 1 || w > 1<<16 || h > 1<<16 || w*h > dicom.MaxPixels || w*h*int64(each) > decodedBytes:
		return fmt.Errorf("%d by %d pixels of %d bytes, want at most %d pixels and %d bytes", w, h, each, dicom.MaxPixels, decodedBytes)
	case w*h > int64(pixelsOfByte)*int64(have):
		return fmt.Errorf("%d bytes cannot hold %d by %d pixels", have, w, h)
	}
	return nil
}

func decodeDICOM(b []byte) (*Film, error) {
	file, err := dicom.Read(b)
	if err != nil {
		return nil, fmt.Errorf("DICOM: %w", err)
	}
	m, err := file.Image()
	if err != nil {
		return nil, fmt.Errorf("DICOM: %w", err)
	}
	g, err := m.Grey(0)
	if err != nil {
		return nil, fmt.Errorf("DICOM: %w", err)
	}
	f := &Film{
		Format: DICOM, Width: g.Width, Height: g.Height, Shade: g.Shade, Frames: m.Frames,
		Inverted: g.Inverted, Windowed: g.Windowed, Padding: g.Padding,
		View: viewOf(file.Dataset), Portable: portable(file.Dataset),
	}
	if modality := file.Text(dicom.Modality); len(modality) == 2 && modality == strings.ToUpper(modality) && strings.Trim(modality, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == "" {
		f.Modality = modality
	}
	return f, nil
}

// viewOf is the view by the position, by the code of the view, or by the description, the surest
// first.
func viewOf(d dicom.Dataset) View {
	if v := viewNamed(d.Text(dicom.ViewPosition)); v != UnknownView {
		return v
	}
	for _, code := range d.Items(dicom.ViewCodeSequence) {
		if v := viewNamed(code.Text(dicom.CodeMeaning)); v != UnknownView {
			return v
		}
	}
	for _, tag := range []dicom.Tag{dicom.SeriesDescription, dicom.ProtocolName, dicom.AcquisitionProcessing} {
		if v := viewNamed(d.Text(tag)); v != UnknownView {
			return v
		}
	}
	return UnknownView
}

// viewNamed finds a view in words.
func viewNamed(text string) View {
	for _, word := range words(text) {
		switch word {
		case "AP", "ANTEROPOSTERIOR":
			return AP
		case "PA", "POSTEROANTERIOR":
			return PA
		case "LL", "RL", "LAT", "LATERAL", "RLD", "LLD", "LLO", "RLO":
			return Lateral
		}
	}
	return UnknownView
}

// portable says whether a description speaks of a film at the bed.
func portable(d dicom.Dataset) bool {
	for _, tag := range []dicom.Tag{dicom.SeriesDescription, dicom.StudyDescription, dicom.ProtocolName, dicom.AcquisitionProcessing} {
		for _, word := range words(d.Text(tag)) {
			switch word {
			case "PORTABLE", "PORT", "MOBILE", "BEDSIDE", "ICU":
				return true
			}
		}
	}
	return false
}

// words are those of a text in capitals; a hyphen is none, so that "postero-anterior" is one word.
func words(text string) []string {
	return strings.FieldsFunc(strings.ReplaceAll(strings.ToUpper(text), "-", ""), func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	})
}
