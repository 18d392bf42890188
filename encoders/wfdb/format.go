package wfdb

import (
	"encoding/binary"

	"github.com/vigil-icu/vigil/encoders/waveform"
)

// layout is how a format lays samples into bytes: groups of samples that fill whole bytes. A file
// may end within a group; used says how many bytes so many of its samples need.
type layout struct {
	samples, bytes int
	used           []int // by number of samples, up to a whole group
	decode         func(dst []int32, b []byte)
	invalid        int32 // the code for "no sample"
	none           bool  // there is no such code
}

// layouts are those of all formats but FLAC. Format 8 gives differences.
var layouts = map[int]*layout{
	8:   {samples: 1, bytes: 1, used: []int{0, 1}, decode: decode8, none: true},
	16:  {samples: 1, bytes: 2, used: []int{0, 2}, decode: decode16, invalid: -1 << 15},
	24:  {samples: 1, bytes: 3, used: []int{0, 3}, decode: decode24, invalid: -1 << 23},
	32:  {samples: 1, bytes: 4, used: []int{0, 4}, decode: decode32, invalid: -1 << 31},
	61:  {samples: 1, bytes: 2, used: []int{0, 2}, decode: decode61, invalid: -1 << 15},
	80:  {samples: 1, bytes: 1, used: []int{0, 1}, decode: decode80, invalid: -1 << 7},
	160: {samples: 1, bytes: 2, used: []int{0, 2}, decode: decode160, invalid: -1 << 15},
	212: {samples: 2, bytes: 3, used: []int{0, 2, 3}, decode: decode212, invalid: -1 << 11},
	310: {samples: 3, bytes: 4, used: []int{0, 2, 4, 4}, decode: decode310, invalid: -1 << 9},
	311: {samples: 3, bytes: 4, used: []int{0, 2, 3, 4}, decode: decode311, invalid: -1 << 9},
}

// size is how many bytes so many samples need.
func (l *layout) size(samples int64) int64 {
	n := int64(l.samples)
	return samples/n*int64(l.bytes) + int64(l.used[samples%n])
}

// fit is how many samples are in so many bytes.
func (l *layout) fit(bytes int64) int64 {
	rest := bytes % int64(l.bytes)
	more := 0
	for k, used := range l.used[:l.samples] {
		if int64(used) <= rest {
			more = k
		}
	}
	return bytes/int64(l.bytes)*int64(l.samples) + int64(more)
}

// The decoders fill dst, whole groups of it, from b.

func decode8(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(int8(b[i]))
	}
}

func decode16(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(int16(binary.LittleEndian.Uint16(b[2*i:])))
	}
}

func decode24(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(uint32(b[3*i])<<8|uint32(b[3*i+1])<<16|uint32(b[3*i+2])<<24) >> 8
	}
}

func decode32(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint32(b[4*i:]))
	}
}

func decode61(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(int16(binary.BigEndian.Uint16(b[2*i:])))
	}
}

func decode80(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(b[i]) - 128
	}
}

func decode160(dst []int32, b []byte) {
	for i := range dst {
		dst[i] = int32(binary.LittleEndian.Uint16(b[2*i:])) - 1<<15
	}
}

func decode212(dst []int32, b []byte) {
	for i := 0; i < len(dst); i, b = i+2, b[3:] {
		dst[i] = signed(uint32(b[0])|uint32(b[1])<<8, 12)
		dst[i+1] = signed(uint32(b[2])|uint32(b[1])>>4<<8, 12)
	}
}

func decode310(dst []int32, b []byte) {
	for i := 0; i < len(dst); i, b = i+3, b[4:] {
		x, y := uint32(binary.LittleEndian.Uint16(b)), uint32(binary.LittleEndian.Uint16(b[2:]))
		dst[i] = signed(x>>1, 10)
		dst[i+1] = signed(y>>1, 10)
		dst[i+2] = signed(x>>11|y>>11<<5, 10)
	}
}

func decode311(dst []int32, b []byte) {
	for i := 0; i < len(dst); i, b = i+3, b[4:] {
		x := binary.LittleEndian.Uint32(b)
		dst[i] = signed(x, 10)
		dst[i+1] = signed(x>>10, 10)
		dst[i+2] = signed(x>>20, 10)
	}
}

// signed takes the lowest bits of x as a number in two's complement.
func signed(x uint32, bits int) int32 {
	return int32(x<<(32-bits)) >> (32 - bits)
}

// isFLAC says whether a format is FLAC, of 8, 16 or 24 bits.
func isFLAC(format int) bool { return format == 508 || format == 516 || format == 524 }

// invalidCode is what a format writes where no sample was taken.
func invalidCode(format int) (code int32, ok bool) {
	if isFLAC(format) {
		return -1 << (format - 501), true
	}
	l := layouts[format]
	return l.invalid, !l.none
}

// markMissing puts waveform.Missing in the place of a format's code.
func markMissing(samples []int32, format int) {
	code, ok := invalidCode(format)
	if !ok {
		return
	}
	for i, v := range samples {
		if v == code {
			samples[i] = waveform.Missing
		}
	}
}
