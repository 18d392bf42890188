package packed

import (
	"encoding/binary"
	"math"
)

// AppendUint appends an unsigned number in as few bytes as it needs, 1 to 10.
func AppendUint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

// AppendInt appends a signed number in as few bytes as it needs, 1 to 10; the bytes grow
// with its distance from 0.
func AppendInt(dst []byte, v int64) []byte { return binary.AppendVarint(dst, v) }

// AppendFixed appends a number that needs all of its 8 bytes, such as a hash.
func AppendFixed(dst []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(dst, v) }

// AppendFloat appends the 4 bytes of a number. Every bit comes back, also those of NaN.
func AppendFloat(dst []byte, v float32) []byte {
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(v))
}

// AppendString appends the length and the bytes of a string.
func AppendString(dst []byte, s string) []byte {
	return append(binary.AppendUvarint(dst, uint64(len(s))), s...)
}

// AppendBool appends one byte, 0 or 1.
func AppendBool(dst []byte, b bool) []byte {
	if b {
		return append(dst, 1)
	}
	return append(dst, 0)
}
