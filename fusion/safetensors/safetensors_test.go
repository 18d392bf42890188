package safetensors

import (
	"bytes"
	"encoding/binary"
	"math"
	"slices"
	"strings"
	"testing"
)

// fileOf is a file with this header and data.
func fileOf(header string, data ...byte) []byte {
	return slices.Concat(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), []byte(header), data)
}

func TestEveryTypeIsRead(t *testing.T) {
	one := binary.LittleEndian.AppendUint64(nil, math.Float64bits(-1.5))
	two := binary.LittleEndian.AppendUint64(nil, uint64(1<<53))
	minus := int64(-7)
	three := binary.LittleEndian.AppendUint64(nil, uint64(minus))
	four := binary.LittleEndian.AppendUint32(nil, math.Float32bits(0.25))
	file, err := Read(fileOf(`{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},`+
		`"i":{"dtype":"I64","shape":[2,1],"data_offsets":[8,24]},"f":{"dtype":"F32","shape":[],"data_offsets":[24,28]}}`,
		slices.Concat(one, two, three, four)...), F32, F64, I64)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]float64{"d": {-1.5}, "i": {1 << 53, -7}, "f": {0.25}} {
		if got := file.Tensors[name].Float64s(); !slices.Equal(got, want) || file.Tensors[name].Len() != len(want) {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	if got := file.Tensors["i"].Shape; !slices.Equal(got, []int{2, 1}) || len(file.Meta) != 0 {
		t.Errorf("shape %v, metadata %v", got, file.Meta)
	}
}

func TestRefusals(t *testing.T) {
	zeros := make([]byte, 16)
	for _, c := range []struct {
		name, want string
		b          []byte
	}{
		{"empty", "shorter than 8 bytes", nil},
		{"a header longer than the file", "the header is said to have", fileOf(`{}`)[:9]},
		{"a header of 2^64-1 bytes", "the header is said to have", bytes.Repeat([]byte{0xff}, 40)},
		{"a header over 16 MiB", "the header is said to have 16777217 bytes", fileOf(`{}` + strings.Repeat(" ", maxHeader-1))},
		{"text", "header: ", fileOf(`tensors`)},
		{"metadata that is no text", "header __metadata__", fileOf(`{"__metadata__":{"a":1}}`)},
		{"a type that is not asked for", `dtype "F64", want F32`, fileOf(`{"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}}`, zeros...)},
		{"a type that is not known", `dtype "F16", want F32`, fileOf(`{"a":{"dtype":"F16","shape":[8],"data_offsets":[0,16]}}`, zeros...)},
		{"no elements in some bytes", "do not fit shape [0]", fileOf(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,16]}}`, zeros...)},
		{"a dimension below 0", "-4 is no whole number", fileOf(`{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}`, zeros...)},
		{"a product that passes 64 bits", "is not possible", fileOf(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]}}`, zeros...)},
		{"more elements than data", "bytes 0 to 20 do not fit shape [5] in 16 bytes", fileOf(`{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}`, zeros...)},
		{"fewer bytes than elements", "do not fit shape [4]", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}`, zeros...)},
		{"an end before the beginning", "do not fit", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}`, zeros...)},
		{"a place behind the data", "do not fit", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}`, zeros...)},
		{"a place below 0", `tensor "a"`, fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[-8,8]}}`, zeros...)},
		{"bytes in no tensor", "bytes 0 to 8 are in no tensor", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`, zeros...)},
		{"bytes in two tensors", "or in two", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, zeros...)},
		{"a name that is there twice", "twice", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`, zeros...)},
		{"three places", "data_offsets has 3 numbers", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16,16]}}`, zeros...)},
		{"one place", "data_offsets has 1 numbers", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[16]}}`, zeros...)},
		{"a key in other letters", `there is no "dtype"`, fileOf(`{"a":{"DType":"F32","shape":[4],"data_offsets":[0,16]}}`, zeros...)},
		{"all keys in other letters", `there is no "dtype"`, fileOf(`{"a":{"DTYPE":"F32","Shape":[4],"Data_Offsets":[0,16]}}`, zeros...)},
		{"a key twice", "twice", fileOf(`{"a":{"dtype":"F32","shape":[4],"shape":[2,2],"data_offsets":[0,16]}}`, zeros...)},
		{"metadata twice", "twice", fileOf(`{"__metadata__":{"a":"1"},"__metadata__":{"a":"2"},"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, zeros...)},
		{"metadata of null", "is no text", fileOf(`{"__metadata__":{"a":null}}`)},
		{"half of a character in a name", `half of a character, \ud800`, fileOf(`{"a\ud800":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}}`, zeros...)},
		{"the other half in metadata", `half of a character, \udc00`, fileOf(`{"__metadata__":{"a":"\udc00\ud800"}}`)},
		{"two first halves", "half of a character", fileOf(`{"__metadata__":{"a":"\ud800\ud800"}}`)},
		{"bytes that are no UTF-8", "not UTF-8", fileOf("{\"__metadata__\":{\"a\":\"\xff\"}}")},
		{"no shape", `there is no "shape"`, fileOf(`{"a":{"dtype":"F32","data_offsets":[0,4]}}`, zeros[:4]...)},
		{"a shape of null", "is no list", fileOf(`{"a":{"dtype":"F32","shape":null,"data_offsets":[0,4]}}`, zeros[:4]...)},
		{"a dimension of null", "null is no whole number", fileOf(`{"a":{"dtype":"F32","shape":[null],"data_offsets":[0,0]}}`)},
		{"no places", `there is no "data_offsets"`, fileOf(`{"a":{"dtype":"F32","shape":[0]}}`)},
		{"a dimension with an exponent", "4e0 is no whole number", fileOf(`{"a":{"dtype":"F32","shape":[4e0],"data_offsets":[0,16]}}`, zeros...)},
		{"a dimension with a point", "4.0 is no whole number", fileOf(`{"a":{"dtype":"F32","shape":[4.0],"data_offsets":[0,16]}}`, zeros...)},
		{"a place with an exponent", "1.6e1 is no whole number", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,1.6e1]}}`, zeros...)},
		{"a header filled up with NUL", `'\x00' after top-level value`, fileOf("{}\x00\x00")},
		{"a byte-order mark", "header: invalid character", fileOf("\ufeff{}")},
		{"a header of null", "is no JSON object", fileOf("null")},
		{"bytes behind the last", "8 bytes behind the last tensor", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, zeros...)},
	} {
		if file, err := Read(c.b, F32); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: read %v, error %v, want %q in it", c.name, file, err, c.want)
		}
	}
}

// A tensor of no elements takes no bytes, wherever it lies.
func TestNoElements(t *testing.T) {
	file, err := Read(fileOf(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},`+
		`"c":{"dtype":"F32","shape":[3,0,2],"data_offsets":[4,4]},"\ud83d\ude00":{"dtype":"F32","shape":[0,9223372036854775807,9],"data_offsets":[4,4]}}`, 0, 0, 0, 64), F32)
	if err != nil {
		t.Fatal(err)
	}
	if a, c := file.Tensors["a"], file.Tensors["c"]; len(file.Tensors) != 4 || a.Len() != 0 || len(c.Float64s()) != 0 || !slices.Equal(c.Shape, []int{3, 0, 2}) ||
		file.Tensors["b"].Float64s()[0] != 2 || file.Tensors["😀"].Len() != 0 {
		t.Errorf("%+v", file.Tensors)
	}
	b, err := Marshal([]Array{{"none", []int{2, 0}, nil}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if file, err := Read(b, F32); err != nil || !slices.Equal(file.Tensors["none"].Shape, []int{2, 0}) {
		t.Errorf("%v, %v", file, err)
	}
}

func TestCutFilesAreRefused(t *testing.T) {
	b, err := Marshal([]Array{{"a", []int{2}, []float32{1, 2}}, {"b", []int{1, 1}, []float32{3}}}, map[string]string{"k": "v"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range b {
		if _, err := Read(b[:n], F32); err == nil {
			t.Errorf("cut to %d of %d bytes, it is read", n, len(b))
		}
	}
}

// What is written comes back, bit by bit, and its data is aligned.
func TestArraysComeBack(t *testing.T) {
	want := []Array{
		{"edges \"x\"", []int{2, 2}, []float32{0.1, float32(math.Copysign(0, -1)), math.MaxFloat32, math.SmallestNonzeroFloat32}},
		{"head", []int{1}, []float32{float32(math.Inf(1))}},
	}
	b, err := Marshal(want, map[string]string{"a": "1", "b": `{"c":[2]}`})
	if err != nil {
		t.Fatal(err)
	}
	if n := binary.LittleEndian.Uint64(b); n%8 != 0 {
		t.Errorf("the data begins at byte %d", 8+n)
	}
	file, err := Read(b, F32)
	if err != nil {
		t.Fatal(err)
	}
	if file.Meta["b"] != `{"c":[2]}` || len(file.Meta) != 2 || len(file.Tensors) != len(want) {
		t.Errorf("came back as %+v", file)
	}
	for _, a := range want {
		got := make([]float32, a.Len())
		file.Tensors[a.Name].Float32s(got)
		for i, v := range got {
			if math.Float32bits(v) != math.Float32bits(a.Values[i]) {
				t.Errorf("%s: element %d is %v, want %v", a.Name, i, v, a.Values[i])
			}
		}
	}
}

func TestMarshalRefusesWhatDoesNotFit(t *testing.T) {
	if _, err := Marshal([]Array{{"a", []int{2, 2}, []float32{1, 2, 3}}}, nil); err == nil || !strings.Contains(err.Error(), "3 values, its shape wants 4") {
		t.Errorf("error %v", err)
	}
}

// Whatever the bytes: an error, or tensors that lie within them.
func FuzzRead(f *testing.F) {
	b, err := Marshal([]Array{{"a", []int{2}, []float32{1, 2}}}, map[string]string{"k": "v"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(fileOf(`{"d":{"dtype":"F64","shape":[],"data_offsets":[0,8]}}`, make([]byte, 8)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Read(b, F32, F64, I64)
		if err != nil {
			return
		}
		bytes := 0
		for name, tensor := range file.Tensors {
			n := 1
			for _, d := range tensor.Shape {
				n *= d
			}
			if got := tensor.Float64s(); len(got) != n {
				t.Fatalf("%q of shape %v has %d elements", name, tensor.Shape, len(got))
			}
			bytes += n * int(tensor.DType.width())
		}
		if bytes > len(b) {
			t.Fatalf("tensors of %d bytes in a file of %d", bytes, len(b))
		}
	})
}
