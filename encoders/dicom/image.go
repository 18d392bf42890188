package dicom

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// MaxPixels is how many pixels a frame may have: a chest film has up to 4280 by 3520.
const MaxPixels = 1 << 24

// Image is an image of a file: how its pixels are stored, and what a screen makes of them.
type Image struct {
	Rows, Columns int
	Frames        int
	// Samples is how many values a pixel has: 1, or 3 of a colour.
	Samples int
	// Photometric is the photometric interpretation.
	Photometric                        string
	BitsAllocated, BitsStored, HighBit int
	Signed                             bool
	// Planes says that the values of a colour lie in planes.
	Planes bool

	file   *File
	pixels *Element
}

// Image reads what the file says of its pixels.
func (f *File) Image() (*Image, error) {
	m := &Image{file: f, Photometric: f.Text(Photometric), pixels: f.Find(PixelData)}
	if m.pixels == nil {
		return nil, fmt.Errorf("there is no element %v, want pixels: this is no image", PixelData)
	}
	var err error
	whole := func(tag Tag, low, high, otherwise int) (v int) {
		if err == nil {
			v, err = f.whole(tag, low, high, otherwise)
		}
		return v
	}
	m.Rows, m.Columns = whole(Rows, 1, 1<<16-1, 0), whole(Columns, 1, 1<<16-1, 0)
	m.Samples, m.Frames = whole(SamplesPerPixel, 1, 4, 1), whole(NumberOfFrames, 1, 1<<20, 1)
	m.BitsAllocated = whole(BitsAllocated, 1, 32, 0)
	if err == nil {
		m.BitsStored = whole(BitsStored, 1, m.BitsAllocated, m.BitsAllocated)
		m.HighBit = whole(HighBit, m.BitsStored-1, m.BitsAllocated-1, m.BitsStored-1)
	}
	m.Signed, m.Planes = whole(PixelRepresentation, 0, 1, 0) == 1, whole(PlanarConfiguration, 0, 1, 0) == 1
	if err != nil {
		return nil, err
	}
	switch m.Photometric {
	case "MONOCHROME1", "MONOCHROME2":
		if m.Samples != 1 {
			return nil, fmt.Errorf("%s with %d values a pixel, want 1", m.Photometric, m.Samples)
		}
	case "RGB", "YBR_FULL", "YBR_FULL_422":
		if m.Samples != 3 || m.BitsAllocated != 8 || m.Signed {
			return nil, fmt.Errorf("%s with %d values a pixel of %d bits, want 3 of 8 bits without a sign", m.Photometric, m.Samples, m.BitsAllocated)
		}
	case "":
		return nil, fmt.Errorf("there is no element %v, want MONOCHROME1, MONOCHROME2, RGB, YBR_FULL or YBR_FULL_422", Photometric)
	default:
		return nil, fmt.Errorf("the photometric interpretation (element %v) is none that is read, want MONOCHROME1, MONOCHROME2, RGB, YBR_FULL or YBR_FULL_422", Photometric)
	}
	switch m.BitsAllocated {
	case 1, 8, 16, 32:
	default:
		return nil, fmt.Errorf("%d bits are allocated for a value, want 1, 8, 16 or 32", m.BitsAllocated)
	}
	if m.Rows*m.Columns > MaxPixels {
		return nil, fmt.Errorf("%d rows of %d pixels are %d, want at most %d", m.Rows, m.Columns, m.Rows*m.Columns, MaxPixels)
	}
	return m, nil
}

// frame is the bytes of one frame, without compression.
type frame struct {
	data  []byte
	first int // the first value: bits of a frame begin within a byte
	order binary.ByteOrder
	// swapped says that bytes lie in words of the other order.
	swapped bool
	samples int
	planes  bool
}

// values is how many values a frame has.
func (m *Image) values() int { return m.Rows * m.Columns * m.Samples }

// frame finds the bytes of a frame, and takes their compression away.
func (m *Image) frame(i int) (*frame, error) {
	if i < 0 || i >= m.Frames {
		return nil, fmt.Errorf("there are %d frames, and none %d", m.Frames, i)
	}
	if m.pixels.Fragments == nil {
		return m.native(i)
	}
	switch m.file.Syntax.UID {
	case jpegBaseline, rleLossless:
	default:
		return nil, fmt.Errorf("the transfer syntax of the pixels is %v, want %s", m.file.Syntax, readable)
	}
	b, err := m.encapsulated(i)
	if err != nil {
		return nil, fmt.Errorf("frame %d: %w", i, err)
	}
	decode := m.jpeg
	if m.file.Syntax.UID == rleLossless {
		decode = m.runLengths
	}
	f, err := decode(b)
	if err != nil {
		return nil, fmt.Errorf("frame %d, %s: %w", i, m.file.Syntax.Name, err)
	}
	return f, nil
}

// native is a frame of pixels that are not compressed.
func (m *Image) native(i int) (*frame, error) {
	switch m.file.Syntax.UID {
	case implicitLittle, explicitLittle, explicitBig:
	default:
		return nil, fmt.Errorf("the transfer syntax is %v, and the pixels are not in fragments", m.file.Syntax)
	}
	if m.Photometric == "YBR_FULL_422" {
		return nil, errors.New("pixels of YBR_FULL_422 that are not compressed, want RGB, YBR_FULL or grey ones")
	}
	n := m.values()
	if have, want := int64(len(m.pixels.Value))*8, int64(n)*int64(m.Frames)*int64(m.BitsAllocated); have < want {
		return nil, fmt.Errorf("the pixels have %d bytes, want %d for %d frames of %d by %d", have/8, (want+7)/8, m.Frames, m.Columns, m.Rows)
	}
	f := &frame{data: m.pixels.Value, order: m.pixels.order, samples: m.Samples, planes: m.Planes && m.Samples > 1}
	big := m.file.Syntax.UID == explicitBig
	f.swapped = big && m.pixels.VR == "OW" && m.BitsAllocated <= 8
	if m.BitsAllocated == 1 {
		f.first = i * n
	} else {
		size := n * m.BitsAllocated / 8
		f.data = f.data[i*size:]
		if !f.swapped {
			f.data = f.data[:size]
		} else if i*size%2 == 1 {
			return nil, fmt.Errorf("frame %d of a big endian file begins within a word", i)
		}
	}
	return f, nil
}

// encapsulated joins the fragments of a frame.
func (m *Image) encapsulated(i int) ([]byte, error) {
	if len(m.pixels.Fragments) < 2 {
		return nil, fmt.Errorf("there are %d fragments of pixels, want a table of offsets and one a frame at least", len(m.pixels.Fragments))
	}
	table, fragments := m.pixels.Fragments[0], m.pixels.Fragments[1:]
	from, to := 0, len(fragments)
	switch {
	case m.Frames == 1:
	case len(fragments) == m.Frames:
		from, to = i, i+1
	case len(table) == 4*m.Frames:
		// An offset is that of a fragment's item, from the first on.
		from, to = -1, len(fragments)
		begin := binary.LittleEndian.Uint32(table[4*i:])
		end := uint32(undefined)
		if i+1 < m.Frames {
			end = binary.LittleEndian.Uint32(table[4*i+4:])
		}
		at := uint32(0)
		for k, b := range fragments {
			if at == begin {
				from = k
			}
			if at == end {
				to = k
			}
			at += 8 + uint32(len(b))
		}
		if from < 0 || from >= to {
			return nil, errors.New("its offset is none of a fragment")
		}
	default:
		return nil, fmt.Errorf("%d fragments for %d frames without a table of offsets", len(fragments), m.Frames)
	}
	if to-from == 1 {
		return fragments[from], nil
	}
	var all []byte
	for _, b := range fragments[from:to] {
		all = append(all, b...)
	}
	return all, nil
}

// row fills dst with the values of a row as they are stored, those of a pixel side by side.
func (m *Image) row(f *frame, y int, dst []int32) {
	width := m.Columns * f.samples
	for i := range width {
		at := y*width + i
		if f.planes {
			at = i%f.samples*m.Rows*m.Columns + y*m.Columns + i/f.samples
		}
		at += f.first
		var v uint32
		switch m.BitsAllocated {
		case 1:
			k := at / 8
			if f.swapped {
				k ^= 1
			}
			if k < len(f.data) {
				v = uint32(f.data[k]>>(at%8)) & 1
			}
		case 8:
			if f.swapped {
				at ^= 1
			}
			if at < len(f.data) {
				v = uint32(f.data[at])
			}
		case 16:
			v = uint32(f.order.Uint16(f.data[2*at:]))
		case 32:
			v = f.order.Uint32(f.data[4*at:])
		}
		// What lies beside the stored bits is no part of the value.
		v = v >> (m.HighBit + 1 - m.BitsStored) << (32 - m.BitsStored)
		if m.Signed {
			dst[i] = int32(v) >> (32 - m.BitsStored)
		} else {
			dst[i] = int32(v >> (32 - m.BitsStored))
		}
	}
}

// Stored is the values of a frame as they are stored, row by row, those of a pixel side by side. A
// value of 32 bits without a sign that is above 2^31-1 comes out negative. JPEG gives the
// brightness of a colour.
func (m *Image) Stored(i int) ([]int32, error) {
	f, err := m.frame(i)
	if err != nil {
		return nil, err
	}
	width := m.Columns * f.samples
	values := make([]int32, m.Rows*width)
	for y := range m.Rows {
		m.row(f, y, values[y*width:(y+1)*width])
	}
	return values, nil
}
