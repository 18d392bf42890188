package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
)

// jpegPixels is how many pixels a byte of a JPEG may stand for: an 8 by 8 block takes a bit at least.
const jpegPixels = 8 * 64

// Progressive says whether a JPEG comes in several passes: to decode it takes 4 bytes more for each
// value of each pixel.
func Progressive(b []byte) bool {
	for at := 2; at+4 <= len(b) && b[at] == 0xff; {
		switch marker := b[at+1]; {
		case marker == 0xff: // filled up
			at++
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			return marker == 0xc2
		case marker >= 0xd0 && marker <= 0xd9 || marker == 1: // stand alone
			at += 2
		default:
			at += 2 + int(binary.BigEndian.Uint16(b[at+2:]))
		}
	}
	return false
}

// jpeg decodes a frame of JPEG baseline, to its brightness.
func (m *Image) jpeg(b []byte) (*frame, error) {
	c, err := jpeg.DecodeConfig(bytes.NewReader(b))
	switch {
	case err != nil:
		return nil, err
	case c.Width != m.Columns || c.Height != m.Rows:
		return nil, fmt.Errorf("is %d by %d, want %d by %d as the elements say", c.Width, c.Height, m.Columns, m.Rows)
	case c.Width*c.Height > jpegPixels*len(b):
		return nil, fmt.Errorf("%d bytes cannot hold %d by %d pixels", len(b), c.Width, c.Height)
	case Progressive(b):
		return nil, errors.New("is progressive, which JPEG Baseline is not")
	case m.BitsAllocated != 8 || m.BitsStored != 8 || m.Signed:
		return nil, fmt.Errorf("values of %d bits in %d, want 8 without a sign", m.BitsStored, m.BitsAllocated)
	}
	decoded, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	f := &frame{order: binary.LittleEndian, samples: 1}
	var stride int
	switch p := decoded.(type) {
	case *image.Gray:
		f.data, stride = p.Pix, p.Stride
	case *image.YCbCr:
		f.data, stride = p.Y, p.YStride
	default:
		return nil, errors.New("has no grey or YCbCr pixels")
	}
	if stride != m.Columns { // the decoder's rows end with whole blocks
		for y := range m.Rows {
			copy(f.data[y*m.Columns:(y+1)*m.Columns], f.data[y*stride:])
		}
	}
	f.data = f.data[:m.Rows*m.Columns]
	return f, nil
}

// runLengths decodes a frame of RLE (PS3.5, annex G): a segment for each byte of a value, the
// highest first.
func (m *Image) runLengths(b []byte) (*frame, error) {
	const header = 64
	if len(b) < header {
		return nil, fmt.Errorf("has %d bytes, want a header of %d", len(b), header)
	}
	bytesEach := m.BitsAllocated / 8
	segments, want := binary.LittleEndian.Uint32(b), bytesEach*m.Samples
	if bytesEach == 0 || segments != uint32(want) || want > 15 {
		return nil, fmt.Errorf("%d segments for values of %d bits and %d a pixel", segments, m.BitsAllocated, m.Samples)
	}
	pixels := m.Rows * m.Columns
	// A run stands for up to 128 bytes and takes two.
	if pixels*want > 64*len(b) {
		return nil, fmt.Errorf("%d bytes cannot hold %d by %d pixels", len(b), m.Columns, m.Rows)
	}
	f := &frame{data: make([]byte, pixels*want), order: binary.LittleEndian, samples: m.Samples}
	for s := range want {
		from, to := binary.LittleEndian.Uint32(b[4+4*s:]), uint32(len(b))
		if s+1 < want {
			to = binary.LittleEndian.Uint32(b[8+4*s:])
		}
		if from < header || from > to || to > uint32(len(b)) {
			return nil, fmt.Errorf("segment %d is from byte %d to %d of %d", s+1, from, to, len(b))
		}
		place := s/bytesEach*bytesEach + bytesEach - 1 - s%bytesEach
		if n := unpack(f.data[place:], want, pixels, b[from:to]); n < pixels {
			return nil, fmt.Errorf("segment %d has %d bytes, want %d", s+1, n, pixels)
		}
	}
	return f, nil
}

// unpack writes up to n bytes of PackBits, each a step behind the one before, and says how many.
func unpack(dst []byte, step, n int, b []byte) int {
	at := 0
	for len(b) > 0 && at < n {
		c := int(int8(b[0]))
		b = b[1:]
		switch {
		case c >= 0:
			for k := 0; k <= c && k < len(b) && at < n; k++ {
				dst[at*step] = b[k]
				at++
			}
			b = b[min(c+1, len(b)):]
		case c > -128 && len(b) > 0:
			for k := 0; k <= -c && at < n; k++ {
				dst[at*step] = b[0]
				at++
			}
			b = b[1:]
		}
	}
	return at
}
