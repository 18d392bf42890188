package record

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"github.com/vigil-icu/vigil/encoders/imaging"
	"github.com/vigil-icu/vigil/schemas"
)

// An image is summed up by the encoder in the program; one that says nothing is there and has no
// vector, and one that is torn is an error.
func TestReadImage(t *testing.T) {
	film := func(shade func(x, y int) float64) []byte {
		img := image.NewGray(image.Rect(0, 0, 64, 64))
		for y := range 64 {
			for x := range 64 {
				img.SetGray(x, y, color.Gray{Y: uint8(shade(x, y))})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	waves := film(func(x, y int) float64 { return 128 + 60*math.Sin(float64(x)/9)*math.Cos(float64(y)/7) })
	if r, err := ReadImage(&schemas.Image{Bytes: waves, MediaType: "image/png"}); err != nil || r.State != schemas.Present || len(r.Vector) != imaging.Width || r.Encoder != "vigil-imaging/1" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := ReadImage(&schemas.Image{Bytes: film(func(int, int) float64 { return 90 })}); err != nil || r.State != schemas.Unusable || r.Vector != nil {
		t.Errorf("one shade: %+v, %v", r, err)
	}
	if r, err := ReadImage(&schemas.Image{Bytes: waves[:len(waves)/2]}); err == nil {
		t.Errorf("torn: %+v", r)
	}
}
