package imaging_test

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/vigil-icu/vigil/encoders/imaging"
)

// An invented picture with a bright right half is summed up; one that claims to be larger than its
// bytes can hold is refused.
func Example() {
	picture := image.NewGray(image.Rect(0, 0, 64, 64))
	for i := range 64 * 64 {
		picture.SetGray(i%64, i/64, color.Gray{Y: uint8(40 + 2*(i%64))})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		panic(err)
	}
	e, err := imaging.Encode(b.Bytes(), "image/png")
	fmt.Println(len(e.Vector) == imaging.Width, e.Unused == "", err)

	_, err = imaging.Encode([]byte("a note"), "")
	fmt.Println(err)
	// Output:
	// true true <nil>
	// the first bytes are none of DICOM, PNG or JPEG
}
