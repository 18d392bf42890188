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
		{"no elements", "shape [0] is not possible", fileOf(`{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}`)},
		{"a dimension below 0", "shape [-4] is not possible", fileOf(`{"a":{"dtype":"F32","shape":[-4],"data_offsets":[0,16]}}`, zeros...)},
		{"a product that passes 64 bits", "is not possible", fileOf(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,16]}}`, zeros...)},
		{"more elements than data", "bytes 0 to 20 do not fit shape [5] in 16 bytes", fileOf(`{"a":{"dtype":"F32","shape":[5],"data_offsets":[0,20]}}`, zeros...)},
		{"fewer bytes than elements", "do not fit shape [4]", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,12]}}`, zeros...)},
		{"an end before the beginning", "do not fit", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}`, zeros...)},
		{"a place behind the data", "do not fit", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[8,24]}}`, zeros...)},
		{"a place below 0", `tensor "a"`, fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[-8,8]}}`, zeros...)},
		{"bytes in no tensor", "bytes 0 to 8 are in no tensor", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`, zeros...)},
		{"bytes in two tensors", "or in two", fileOf(`{"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}}`, zeros...)},
		{"a name that is there twice", "are in no tensor", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}`, zeros...)},
		{"bytes behind the last", "8 bytes behind the last tensor", fileOf(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, zeros...)},
	} {
		if file, err := Read(c.b, F32); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: read %v, error %v, want %q in it", c.name, file, err, c.want)
		}
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
