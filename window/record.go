package window

import (
	"encoding/binary"
	"math"

	"github.com/vigil-icu/vigil/schemas"
)

// RecordSize is the length of a packed record in bytes.
const RecordSize = 12

// sixteenths is how many 1/16 s an hour has. The time of a record in its hour is below it.
const sixteenths = 3600 * 16

// knownFlags are the flags that a record of this version may carry.
const knownFlags = schemas.AllFlags

// history are the flags that say what a record does to earlier ones. The others qualify its
// own value.
const history = schemas.Corrected | schemas.Retracted

// record is a packed record taken apart. It is one observation, and not to be taken for a
// record of the patient log, which may bring many.
type record struct {
	channel schemas.Channel
	flags   schemas.Flag
	at      uint16 // 1/16 s in the hour
	value   float32
	logN    uint32
}

func (r record) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint16(dst, uint16(r.channel)|uint16(r.flags&15)<<12|uint16(r.flags>>4)<<10)
	dst = binary.LittleEndian.AppendUint16(dst, r.at)
	dst = binary.LittleEndian.AppendUint32(dst, math.Float32bits(r.value))
	return binary.LittleEndian.AppendUint32(dst, r.logN)
}

func unpack(b []byte) record {
	b = b[:RecordSize]
	head := binary.LittleEndian.Uint16(b)
	return record{
		channel: schemas.Channel(head & (schemas.MaxChannels - 1)),
		flags:   schemas.Flag(head>>12 | head>>10&3<<4),
		at:      binary.LittleEndian.Uint16(b[2:]),
		value:   math.Float32frombits(binary.LittleEndian.Uint32(b[4:])),
		logN:    binary.LittleEndian.Uint32(b[8:]),
	}
}

// HourOf returns the number of the hour that holds t, counted from the Unix
// epoch (negative before it).
func HourOf(t schemas.Time) int64 {
	n := int64(t / schemas.Hour)
	if t%schemas.Hour < 0 {
		n--
	}
	return n
}

// moment is a time at the window's resolution: hour number and 1/16 s in it.
type moment struct {
	hour int64
	at   uint16
}

// momentOf floors a time to the window's resolution.
func momentOf(t schemas.Time) moment {
	n := HourOf(t)
	return moment{n, uint16((int64(t) - n*int64(schemas.Hour)) * 16 / 1000)}
}

func (m moment) before(o moment) bool {
	return m.hour < o.hour || m.hour == o.hour && m.at < o.at
}

// time returns the floored time, which is schemas.Time.Floor16 of the time that was added.
func (m moment) time() schemas.Time {
	return schemas.Time(m.hour)*schemas.Hour + schemas.Time((int64(m.at)*1000+15)/16)
}

// finite says whether v is neither NaN nor an infinity, by its exponent.
func finite(v float32) bool {
	return math.Float32bits(v)&0x7f800000 != 0x7f800000
}
