package dicom

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// File is a file that was read. It keeps the bytes that it was read of.
type File struct {
	// Syntax is how it is encoded.
	Syntax Syntax
	Dataset
}

const (
	preamble    = 128
	magic       = "DICM"
	maxDepth    = 16      // of sequences in sequences
	maxElements = 1 << 17 // with items and fragments
	undefined   = 0xffffffff

	item          Tag = 0xfffee000
	itemEnd       Tag = 0xfffee00d
	sequenceEnd   Tag = 0xfffee0dd
	trailingBytes Tag = 0xfffcfffc // Data Set Trailing Padding
)

// Is says whether bytes begin as a DICOM file does. The 128 bytes in front may be anything.
func Is(b []byte) bool {
	return len(b) >= preamble+len(magic) && string(b[preamble:preamble+len(magic)]) == magic
}

// Read reads the elements of a file.
func Read(b []byte) (*File, error) {
	if !Is(b) {
		return nil, errors.New(`there is no "DICM" at byte 128, want a DICOM file (PS3.10)`)
	}
	r := &reader{b: b, at: preamble + len(magic), order: binary.LittleEndian, explicit: true, left: maxElements}
	meta, err := r.meta()
	if err != nil {
		return nil, err
	}
	f := &File{Syntax: syntaxOf(meta.Text(TransferSyntaxUID))}
	switch {
	case f.Syntax.UID == "":
		return nil, fmt.Errorf("there is no element %v, which names the transfer syntax", TransferSyntaxUID)
	case f.Syntax.UID == deflated:
		return nil, fmt.Errorf("the transfer syntax is %v, want one that is not deflated", f.Syntax)
	}
	r.explicit = f.Syntax.UID != implicitLittle
	if f.Syntax.UID == explicitBig {
		r.order = binary.BigEndian
	}
	if f.Dataset, err = r.dataset(len(b), 0, false); err != nil {
		return nil, err
	}
	return f, nil
}

// reader walks through the bytes.
type reader struct {
	b        []byte
	at       int
	order    binary.ByteOrder
	explicit bool
	left     int // elements that may still come
}

// meta is group 2, which is explicit little endian in every file.
func (r *reader) meta() (Dataset, error) {
	var meta Dataset
	for r.at+8 <= len(r.b) && binary.LittleEndian.Uint16(r.b[r.at:]) == 2 {
		e, err := r.element(len(r.b), maxDepth)
		if err != nil {
			return nil, err
		}
		meta = append(meta, e)
	}
	return meta, nil
}

// tag reads four bytes.
func (r *reader) tag(end int) (Tag, error) {
	if end-r.at < 4 {
		return 0, fmt.Errorf("byte %d: %d bytes are left, want the tag of an element", r.at, end-r.at)
	}
	t := Tag(r.order.Uint16(r.b[r.at:]))<<16 | Tag(r.order.Uint16(r.b[r.at+2:]))
	r.at += 4
	return t, nil
}

// length reads one of two or four bytes.
func (r *reader) length(tag Tag, end, size int) (uint32, error) {
	if end-r.at < size {
		return 0, fmt.Errorf("element %v ends at byte %d, before its length", tag, end)
	}
	r.at += size
	if size == 2 {
		return uint32(r.order.Uint16(r.b[r.at-2:])), nil
	}
	return r.order.Uint32(r.b[r.at-4:]), nil
}

// take is the next n bytes.
func (r *reader) take(tag Tag, end int, n uint32) ([]byte, error) {
	if uint64(n) > uint64(end-r.at) {
		return nil, fmt.Errorf("element %v at byte %d says that it has %d bytes, and %d are there", tag, r.at, n, end-r.at)
	}
	r.at += int(n)
	return r.b[r.at-int(n) : r.at : r.at], nil
}

// count takes account of one more element, item or fragment.
func (r *reader) count() error {
	if r.left--; r.left < 0 {
		return fmt.Errorf("byte %d: there are more than %d elements", r.at, maxElements)
	}
	return nil
}

// dataset reads elements up to a place, or up to the end of an item.
func (r *reader) dataset(end, depth int, delimited bool) (Dataset, error) {
	var d Dataset
	for r.at < end {
		if !delimited && depth == 0 && end-r.at < 8 && zeros(r.b[r.at:end]) {
			r.at = end
			break
		}
		e, err := r.element(end, depth)
		if err != nil {
			return nil, err
		}
		if e.Tag == itemEnd && delimited {
			return d, nil
		}
		if e.Tag != trailingBytes {
			d = append(d, e)
		}
	}
	if delimited {
		return nil, fmt.Errorf("an item of a sequence has no end before byte %d", end)
	}
	return d, nil
}

func zeros(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// longForm are the representations with a length of four bytes, behind two that are not used.
// Those that the standard may yet add have it too.
func longForm(vr string) bool {
	switch vr {
	case "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US":
		return false
	}
	return true
}

// element reads one element, and what is in it. The end of an item comes back as an element.
func (r *reader) element(end, depth int) (Element, error) {
	if err := r.count(); err != nil {
		return Element{}, err
	}
	begin := r.at
	tag, err := r.tag(end)
	if err != nil {
		return Element{}, err
	}
	e := Element{Tag: tag, order: r.order}
	var n uint32
	switch {
	case tag>>16 == 0xfffe: // has no representation in any syntax
		if n, err = r.length(tag, end, 4); err != nil {
			return e, err
		}
		if tag != itemEnd || n != 0 {
			return e, fmt.Errorf("byte %d: found %v, want an element", begin, tag)
		}
		return e, nil
	case r.explicit:
		if end-r.at < 2 {
			return e, fmt.Errorf("element %v ends at byte %d, before its representation", tag, end)
		}
		e.VR = string(r.b[r.at : r.at+2])
		if e.VR[0] < 'A' || e.VR[0] > 'Z' || e.VR[1] < 'A' || e.VR[1] > 'Z' {
			return e, fmt.Errorf("element %v at byte %d has no representation of two capital letters", tag, begin)
		}
		r.at += 2
		size := 2
		if longForm(e.VR) {
			if _, err = r.length(tag, end, 2); err != nil {
				return e, err
			}
			size = 4
		}
		if n, err = r.length(tag, end, size); err != nil {
			return e, err
		}
	default:
		if n, err = r.length(tag, end, 4); err != nil {
			return e, err
		}
		if e.VR = representations[tag]; e.VR == "" {
			e.VR = "UN"
		}
	}
	switch {
	case tag == PixelData && n == undefined:
		e.Fragments, err = r.fragments(end)
		return e, err
	case e.VR == "SQ" || n == undefined:
		// What is unknown and of unknown length is a sequence, of implicit elements.
		explicit, order := r.explicit, r.order
		if e.VR == "UN" {
			r.explicit, r.order = false, binary.LittleEndian
		}
		e.VR = "SQ"
		e.Items, err = r.sequence(tag, end, n, depth)
		r.explicit, r.order = explicit, order
		return e, err
	}
	e.Value, err = r.take(tag, end, n)
	return e, err
}

// sequence reads the items of a sequence.
func (r *reader) sequence(of Tag, end int, n uint32, depth int) ([]Dataset, error) {
	if depth >= maxDepth {
		return nil, fmt.Errorf("sequence %v at byte %d is more than %d deep", of, r.at, maxDepth)
	}
	delimited := n == undefined
	if !delimited {
		if uint64(n) > uint64(end-r.at) {
			return nil, fmt.Errorf("sequence %v at byte %d says that it has %d bytes, and %d are there", of, r.at, n, end-r.at)
		}
		end = r.at + int(n)
	}
	var items []Dataset
	for r.at < end {
		if err := r.count(); err != nil {
			return nil, err
		}
		begin := r.at
		tag, err := r.tag(end)
		if err != nil {
			return nil, err
		}
		n, err := r.length(tag, end, 4)
		if err != nil {
			return nil, err
		}
		if tag == sequenceEnd && delimited {
			return items, nil
		}
		if tag != item {
			return nil, fmt.Errorf("byte %d: found %v, want an item of the sequence %v", begin, tag, of)
		}
		itemEnd, open := end, n == undefined
		if !open {
			if uint64(n) > uint64(end-r.at) {
				return nil, fmt.Errorf("an item of the sequence %v at byte %d says that it has %d bytes, and %d are there", of, r.at, n, end-r.at)
			}
			itemEnd = r.at + int(n)
		}
		d, err := r.dataset(itemEnd, depth+1, open)
		if err != nil {
			return nil, err
		}
		items = append(items, d)
	}
	if delimited {
		return nil, fmt.Errorf("the sequence %v has no end before byte %d", of, end)
	}
	return items, nil
}

// fragments reads encapsulated pixels.
func (r *reader) fragments(end int) ([][]byte, error) {
	var list [][]byte
	for {
		if err := r.count(); err != nil {
			return nil, err
		}
		begin := r.at
		tag, err := r.tag(end)
		if err != nil {
			return nil, err
		}
		n, err := r.length(tag, end, 4)
		if err != nil {
			return nil, err
		}
		if tag == sequenceEnd {
			return list, nil
		}
		if tag != item {
			return nil, fmt.Errorf("byte %d: found %v, want a fragment of the pixels", begin, tag)
		}
		b, err := r.take(tag, end, n)
		if err != nil {
			return nil, err
		}
		list = append(list, b)
	}
}
