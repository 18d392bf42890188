package dicom_test

import (
	"encoding/binary"
	"fmt"

	"github.com/vigil-icu/vigil/encoders/dicom"
)

// A file of two pixels that stores white low.
func Example() {
	b := append(make([]byte, 128), "DICM\x02\x00\x10\x00UI\x12\x001.2.840.10008.1.2\x00"...)
	element := func(tag dicom.Tag, value string) {
		b = binary.LittleEndian.AppendUint16(b, uint16(tag>>16))
		b = binary.LittleEndian.AppendUint16(b, uint16(tag))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(value)))
		b = append(b, value...)
	}
	element(dicom.Photometric, "MONOCHROME1 ")
	element(dicom.Rows, "\x01\x00")
	element(dicom.Columns, "\x02\x00")
	element(dicom.BitsAllocated, "\x08\x00")
	element(dicom.PixelData, "\x00\xff")

	file, err := dicom.Read(b)
	if err != nil {
		panic(err)
	}
	m, err := file.Image()
	if err != nil {
		panic(err)
	}
	g, err := m.Grey(0)
	if err != nil {
		panic(err)
	}
	fmt.Println(file.Syntax.Name, g.Width, g.Height, g.Shade)

	_, err = dicom.Read(b[:len(b)-1])
	fmt.Println(err)
	// Output:
	// Implicit VR Little Endian 2 1 [1 0]
	// element (7fe0,0010) at byte 216 says that it has 2 bytes, and 1 are there
}
