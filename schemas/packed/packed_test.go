package packed

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// fields are one of each kind, with numbers at the edges of their lengths.
type fields struct {
	uints  []uint64
	ints   []int64
	fixed  uint64
	float  uint32 // bits: NaN is none of its equals
	text   string
	bool   bool
	byte   byte
	vector []float32
}

func example() fields {
	return fields{
		uints: []uint64{0, 1, 127, 128, 16383, 16384, 1 << 32, math.MaxUint64},
		ints:  []int64{0, -1, 63, -64, 64, -65, math.MaxInt64, math.MinInt64},
		fixed: 1<<63 | 5, float: 0x7fc00001, text: "bed 4 – Ü", bool: true, byte: 200, vector: []float32{1, -0.5, 0},
	}
}

func (f *fields) append(b []byte) []byte {
	b = AppendUint(b, uint64(len(f.uints)))
	for _, v := range f.uints {
		b = AppendUint(b, v)
	}
	b = AppendUint(b, uint64(len(f.ints)))
	for _, v := range f.ints {
		b = AppendInt(b, v)
	}
	b = AppendFixed(b, f.fixed)
	b = AppendFloat(b, math.Float32frombits(f.float))
	b = AppendString(b, f.text)
	b = AppendBool(b, f.bool)
	b = append(b, f.byte)
	b = AppendUint(b, uint64(len(f.vector)))
	for _, v := range f.vector {
		b = AppendFloat(b, v)
	}
	return b
}

func (f *fields) read(b []byte) error {
	r := NewReader(b)
	for range r.Count(1) {
		f.uints = append(f.uints, r.Uint(math.MaxUint64))
	}
	for range r.Count(1) {
		f.ints = append(f.ints, r.Int())
	}
	f.fixed, f.float, f.text = r.Fixed(), math.Float32bits(r.Float()), r.String()
	f.bool, f.byte = r.Bool(), r.Byte(math.MaxUint8)
	for range r.Count(4) {
		f.vector = append(f.vector, r.Float())
	}
	return r.End()
}

func TestFieldsComeBack(t *testing.T) {
	want := example()
	b := want.append(nil)
	var got fields
	if err := got.read(b); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(got.uints, want.uints) || !slices.Equal(got.ints, want.ints) || got.fixed != want.fixed || got.float != want.float ||
		got.text != want.text || got.bool != want.bool || got.byte != want.byte || !slices.Equal(got.vector, want.vector) {
		t.Errorf("%+v came back as %+v", want, got)
	}
	if again := got.append(nil); !bytes.Equal(again, b) {
		t.Errorf("%x was read and written as %x", b, again)
	}
}

// A cut is found wherever it is, and so is a byte too many.
func TestCutBytesAreRefused(t *testing.T) {
	f := example()
	b := f.append(nil)
	for n := range b {
		var got fields
		if err := got.read(b[:n]); err == nil || !strings.HasPrefix(err.Error(), "byte ") {
			t.Errorf("cut to %d of %d bytes: error %v", n, len(b), err)
		}
	}
	var got fields
	if err := got.read(append(b, 0)); err == nil || !strings.Contains(err.Error(), "1 bytes after the end") {
		t.Errorf("a byte behind the end: error %v", err)
	}
}

func TestRefusals(t *testing.T) {
	number := func(limit uint64) func(*Reader) any { return func(r *Reader) any { return r.Uint(limit) } }
	for _, c := range []struct {
		name string
		b    []byte
		ask  func(*Reader) any
		zero any
		want string
	}{
		{"no number", nil, number(9), uint64(0), "byte 0: not a number"},
		{"half a number", []byte{0x80}, number(9), uint64(0), "not a number"},
		{"0 in two bytes", []byte{0x80, 0}, number(9), uint64(0), "not a number"},
		{"127 in two bytes", []byte{0xff, 0}, number(math.MaxUint64), uint64(0), "not a number"},
		{"300 in three bytes", []byte{0xac, 0x82, 0}, number(math.MaxUint64), uint64(0), "not a number"},
		{"-1 in two bytes", []byte{0x81, 0}, func(r *Reader) any { return r.Int() }, int64(0), "not a number"},
		{"over 64 bits", append(bytes.Repeat([]byte{0xff}, 9), 2), number(math.MaxUint64), uint64(0), "not a number"},
		{"eleven bytes", append(bytes.Repeat([]byte{0xff}, 10), 1), number(math.MaxUint64), uint64(0), "not a number"},
		{"a short one over the limit", []byte{10}, number(9), uint64(0), "10 is over 9"},
		{"a long one over the limit", []byte{0xac, 2}, number(299), uint64(0), "300 is over 299"},
		{"a count over the rest", []byte{3, 1, 2}, func(r *Reader) any { return r.Count(1) }, 0, "byte 1: 3 things of 1 bytes or more, 2 bytes are left"},
		{"a count of large things", []byte{2, 1, 2, 3, 4, 5, 6, 7}, func(r *Reader) any { return r.Count(4) }, 0, "2 things of 4 bytes"},
		{"a count whose bytes pass 64 bits", AppendUint(nil, 1<<62), func(r *Reader) any { return r.Count(8) }, 0, "things of 8 bytes"},
		{"a count below zero as an int", AppendUint(nil, math.MaxUint64), func(r *Reader) any { return r.Count(1) }, 0, "things of 1 bytes"},
		{"a string over the rest", []byte{5, 'a', 'b'}, func(r *Reader) any { return r.String() }, "", "5 things"},
		{"a string of 2^40 bytes", AppendUint(nil, 1<<40), func(r *Reader) any { return r.String() }, "", "1099511627776 things of 1 bytes or more, 0 bytes are left"},
		{"neither false nor true", []byte{2}, func(r *Reader) any { return r.Bool() }, false, "2 is over 1"},
		{"no byte", nil, func(r *Reader) any { return r.Byte(9) }, byte(0), "1 bytes are needed, 0 are left"},
		{"a byte over the limit", []byte{10}, func(r *Reader) any { return r.Byte(9) }, byte(0), "10 is over 9"},
		{"seven bytes of eight", make([]byte, 7), func(r *Reader) any { return r.Fixed() }, uint64(0), "8 bytes are needed, 7 are left"},
		{"three bytes of four", make([]byte, 3), func(r *Reader) any { return r.Float() }, float32(0), "4 bytes are needed, 3 are left"},
		{"bytes over the rest", make([]byte, 3), func(r *Reader) any { return len(r.Take(4)) }, 0, "4 bytes are needed, 3 are left"},
		{"skipped bytes over the rest", make([]byte, 3), func(r *Reader) any { r.Skip(4); return len(r.Rest()) }, 0, "4 bytes are needed, 3 are left"},
		{"bytes below none", make([]byte, 3), func(r *Reader) any { return len(r.Take(-1)) }, 0, "a length of -1"},
	} {
		r := NewReader(c.b)
		if got := c.ask(r); got != c.zero {
			t.Errorf("%s: answer %v, want %v", c.name, got, c.zero)
		}
		if err := r.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q in it", c.name, err, c.want)
		}
	}
}

// The first failure is the one that counts: what follows it is zero, though there were
// bytes for it, and End repeats it.
func TestTheFirstFailureStays(t *testing.T) {
	r := NewReader([]byte{1, 7, 2, 'a', 'b', 1, 2, 3, 4, 5, 6, 7, 8})
	if !r.Bool() || r.Err() != nil {
		t.Fatalf("the first field: %v", r.Err())
	}
	r.Fail("a %s of %d", "bed", 4)
	r.Fail("another")
	if r.Uint(9) != 0 || r.Int() != 0 || r.String() != "" || r.Fixed() != 0 || r.Float() != 0 || r.Byte(9) != 0 || r.Bool() ||
		r.Count(1) != 0 || r.Take(0) != nil || r.Take(1) != nil || len(r.Rest()) != 0 {
		t.Error("an answer after a failure is not zero")
	}
	if err := r.End(); err == nil || err.Error() != "byte 1: a bed of 4" || r.Err() != err {
		t.Errorf("error %v", err)
	}
	r.Reset([]byte{5})
	if got := r.Uint(9); got != 5 || r.End() != nil {
		t.Errorf("%d and %v after a reset, want 5", got, r.Err())
	}
}

// What Take gives may be kept and appended to: the bytes behind it stay.
func TestTakenBytesEndWhereTheyEnd(t *testing.T) {
	b := []byte{1, 2, 3}
	r := NewReader(b)
	_ = append(r.Take(2), 9)
	if got := r.Byte(9); got != 3 || len(r.Rest()) != 0 {
		t.Errorf("the byte behind is %d, want 3", got)
	}
}

func TestReadingAllocatesNothing(t *testing.T) {
	b := AppendInt(AppendFloat(AppendFixed(AppendUint(nil, 300), 7), 1), -5)
	if n := testing.AllocsPerRun(100, func() {
		r := NewReader(b)
		if r.Uint(1000) != 300 || r.Fixed() != 7 || r.Float() != 1 || r.Int() != -5 || r.End() != nil {
			t.Error("other numbers came back")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// Whatever the bytes: an error, or fields that are written as these same bytes.
func FuzzReader(f *testing.F) {
	seed := example()
	f.Add(seed.append(nil))
	f.Add(new(fields).append(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 24))
	f.Fuzz(func(t *testing.T, b []byte) {
		var got fields
		if err := got.read(b); err == nil && !bytes.Equal(got.append(nil), b) {
			t.Fatalf("%x was read as %+v and written as %x", b, got, got.append(nil))
		}
	})
}
