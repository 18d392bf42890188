package dicom

import (
	"fmt"
	"math"
)

// Curve is the form of a window.
type Curve string

// Curves of PS3.3, C.11.2.1.2 and C.11.2.1.3.
const (
	Linear      Curve = "LINEAR"
	LinearExact Curve = "LINEAR_EXACT"
	Sigmoid     Curve = "SIGMOID"
)

// Window maps values to shades from 0 to 1.
type Window struct {
	Center, Width float64
	Curve         Curve
}

// At is the shade of a value, by the formulae of the standard. Those of LINEAR are half a value off
// from what one would think.
func (w Window) At(x float64) float64 {
	half := float64(w.Width / 2)
	low, high := w.Center-half, w.Center+half
	switch w.Curve {
	case Sigmoid:
		return 1 / (1 + math.Exp(-4*(x-w.Center)/w.Width))
	case LinearExact:
	default:
		half = float64((w.Width - 1) / 2)
		low, high = w.Center-0.5-half, w.Center-0.5+half
	}
	switch {
	case x <= low:
		return 0
	case x > high:
		return 1
	case w.Curve == LinearExact:
		return (x-w.Center)/w.Width + 0.5
	}
	return (x-(w.Center-0.5))/(w.Width-1) + 0.5
}

// Table maps values to others, which lie side by side from First on.
type Table struct {
	First  float64
	Values []float64
	// Bits is how many bits a value has.
	Bits int
}

// At is what stands for a value; below the first it is that of the first, above the last the last.
func (t *Table) At(x float64) float64 {
	i := math.Floor(x - t.First)
	return t.Values[int(min(max(i, 0), float64(len(t.Values)-1)))]
}

// table reads one of a sequence of tables.
func table(d Dataset, signed bool) (*Table, error) {
	n, err := d.numbers(LUTDescriptor, signed)
	if err != nil {
		return nil, err
	}
	if len(n) != 3 {
		return nil, fmt.Errorf("element %v has %d numbers, want 3", LUTDescriptor, len(n))
	}
	entries := int(uint16(int32(n[0])))
	if entries == 0 {
		entries = 1 << 16
	}
	t := &Table{First: n[1], Bits: int(n[2])}
	e := d.Find(LUTData)
	if e == nil {
		return nil, fmt.Errorf("there is no element %v, want the values of the table", LUTData)
	}
	size := 2
	if len(e.Value) == entries || len(e.Value) == entries+1 {
		size = 1 // values of 8 bits, two in a word or one behind the other
	}
	if t.Bits < 1 || t.Bits > 16 || len(e.Value) < size*entries {
		return nil, fmt.Errorf("a table of %d values of %d bits in %d bytes", entries, t.Bits, len(e.Value))
	}
	t.Values = make([]float64, entries)
	for i := range t.Values {
		if size == 2 {
			t.Values[i] = float64(e.order.Uint16(e.Value[2*i:]))
		} else {
			t.Values[i] = float64(e.Value[i])
		}
	}
	return t, nil
}

// Grey is a frame as a screen would show it.
type Grey struct {
	Width, Height int
	// Shade is of each pixel, row by row, 0 for black and 1 for white.
	Shade []float32
	// Inverted says that the file stores white low, as MONOCHROME1 does; Shade does not.
	Inverted bool
	// Windowed says that the file has a window or a table of values of interest that can be used.
	// Without one the darkest value is black and the lightest white; of 8 bits all have their place.
	Windowed bool
	// Padding is the share of pixels that are padding, which are black.
	Padding float64
}

// shades are the ways of a stored value to a shade.
type shades struct {
	slope, intercept float64
	modality         *Table
	window           *Window
	interest         *Table
	padded           bool
	padding          [2]float64
	invert           bool
}

func (m *Image) shades() (*shades, error) {
	s := &shades{slope: 1, invert: m.Photometric == "MONOCHROME1" || m.file.Text(PresentationLUTShape) == "INVERSE"}
	f := m.file
	padding, err := f.numbers(PixelPaddingValue, m.Signed)
	if err != nil {
		return nil, err
	}
	if len(padding) > 0 {
		s.padded, s.padding = true, [2]float64{padding[0], padding[0]}
		limit, err := f.numbers(PixelPaddingRangeLimit, m.Signed)
		if err != nil {
			return nil, err
		}
		if len(limit) > 0 {
			s.padding = [2]float64{min(padding[0], limit[0]), max(padding[0], limit[0])}
		}
	}
	if items := f.Items(ModalityLUTSequence); len(items) > 0 {
		if s.modality, err = table(items[0], m.Signed); err != nil {
			return nil, fmt.Errorf("modality's table: %w", err)
		}
	}
	for _, of := range []struct {
		tag  Tag
		into *float64
	}{{RescaleSlope, &s.slope}, {RescaleIntercept, &s.intercept}} {
		v, there, err := f.Number(of.tag)
		if err != nil {
			return nil, err
		}
		if math.Abs(v) > 1e12 {
			return nil, fmt.Errorf("element %v is %v, want a number up to 1e12", of.tag, v)
		}
		if there {
			*of.into = v
		}
	}
	if s.slope == 0 {
		return nil, fmt.Errorf("element %v is 0, which makes one value of all", RescaleSlope)
	}
	if items := f.Items(VOILUTSequence); len(items) > 0 {
		if s.interest, err = table(items[0], m.Signed); err != nil {
			return nil, fmt.Errorf("table of values of interest: %w", err)
		}
		return s, nil
	}
	center, there, err := f.Number(WindowCenter)
	if err != nil {
		return nil, err
	}
	width, both, err := f.Number(WindowWidth)
	if err != nil {
		return nil, err
	}
	curve := Curve(f.Text(VOILUTFunction))
	if curve != LinearExact && curve != Sigmoid {
		curve = Linear
	}
	if there && both && (width >= 1 || curve != Linear && width > 0) {
		s.window = &Window{center, width, curve}
	}
	return s, nil
}

// value is a stored value by the modality's rescale or table.
func (s *shades) value(v int32) float64 {
	if s.modality != nil {
		return s.modality.At(float64(v))
	}
	return float64(float64(v)*s.slope) + s.intercept
}

// isPadding says whether a stored value stands for no pixel.
func (s *shades) isPadding(v int32) bool {
	return s.padded && float64(v) >= s.padding[0] && float64(v) <= s.padding[1]
}

// Values is a frame by the modality's rescale or table, before any window, as Hounsfield units of a
// CT; NaN for padding. It is for grey images.
func (m *Image) Values(i int) ([]float64, error) {
	if m.Samples != 1 {
		return nil, fmt.Errorf("%s has no values but colours", m.Photometric)
	}
	stored, err := m.Stored(i)
	if err != nil {
		return nil, err
	}
	s, err := m.shades()
	if err != nil {
		return nil, err
	}
	values := make([]float64, len(stored))
	for k, v := range stored {
		values[k] = s.value(v)
		if s.isPadding(v) {
			values[k] = math.NaN()
		}
	}
	return values, nil
}

// Grey is frame i as a screen would show it.
func (m *Image) Grey(i int) (*Grey, error) {
	f, err := m.frame(i)
	if err != nil {
		return nil, err
	}
	s, err := m.shades()
	if err != nil {
		return nil, err
	}
	g := &Grey{Width: m.Columns, Height: m.Rows, Inverted: s.invert, Windowed: s.window != nil || s.interest != nil}
	if m.Samples > 1 {
		g.Inverted, g.Windowed = false, false
		g.Shade = m.brightness(f)
		return g, nil
	}
	row := make([]int32, m.Columns)
	low, high := s.span(m, f, row)
	g.Shade = make([]float32, m.Rows*m.Columns)
	padding := 0
	for y := range m.Rows {
		m.row(f, y, row)
		for x, v := range row {
			if s.isPadding(v) {
				padding++
				continue
			}
			shade := s.shade(s.value(v), low, high)
			if s.invert {
				shade = 1 - shade
			}
			g.Shade[y*m.Columns+x] = float32(shade)
		}
	}
	g.Padding = float64(padding) / float64(len(g.Shade))
	return g, nil
}

// span is what is black and what is white where the file has no window.
func (s *shades) span(m *Image, f *frame, row []int32) (low, high float64) {
	if s.window != nil || s.interest != nil {
		return 0, 1
	}
	if m.BitsStored <= 8 {
		first, last := 0, 1<<m.BitsStored-1
		if m.Signed {
			first, last = -1<<(m.BitsStored-1), 1<<(m.BitsStored-1)-1
		}
		a, b := s.value(int32(first)), s.value(int32(last))
		return min(a, b), max(a, b)
	}
	low, high = math.Inf(1), math.Inf(-1)
	for y := range m.Rows {
		m.row(f, y, row)
		for _, v := range row {
			if !s.isPadding(v) {
				x := s.value(v)
				low, high = min(low, x), max(high, x)
			}
		}
	}
	return low, high
}

// shade is what the window or the table makes of a value.
func (s *shades) shade(x, low, high float64) float64 {
	switch {
	case s.interest != nil:
		return min(s.interest.At(x)/float64(int(1)<<s.interest.Bits-1), 1)
	case s.window != nil:
		return s.window.At(x)
	case high > low:
		return min(max((x-low)/(high-low), 0), 1)
	}
	return 0
}

// brightness is that of colours, by the weights of Rec. 601.
func (m *Image) brightness(f *frame) []float32 {
	shade := make([]float32, m.Rows*m.Columns)
	row := make([]int32, m.Columns*f.samples)
	for y := range m.Rows {
		m.row(f, y, row)
		for x := range m.Columns {
			v := row[x*f.samples:]
			y601 := float64(v[0])
			if m.Photometric == "RGB" && f.samples == 3 {
				y601 = float64(0.299*float64(v[0])) + float64(0.587*float64(v[1])) + float64(0.114*float64(v[2]))
			}
			shade[y*m.Columns+x] = float32(y601 / 255)
		}
	}
	return shade
}
