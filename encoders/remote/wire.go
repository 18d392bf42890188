package remote

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vigil-icu/vigil/encoders/network"
)

// The few messages of inference.GRPCInferenceService that are spoken, by the field numbers of the open
// inference protocol. Numbers go as raw little-endian bytes, in the tensors' order, never in both forms.

// codec hands bytes through: the messages write and read themselves.
type codec struct{}

func (codec) Name() string { return "proto" }

func (codec) Marshal(v any) ([]byte, error) {
	b, ok := v.(*[]byte)
	if !ok {
		return nil, fmt.Errorf("no message: %T", v)
	}
	return *b, nil
}

func (codec) Unmarshal(data []byte, v any) error {
	b, ok := v.(*[]byte)
	if !ok {
		return fmt.Errorf("no message: %T", v)
	}
	*b = append([]byte(nil), data...) // the memory is the library's
	return nil
}

func appendText(b []byte, n protowire.Number, s string) []byte {
	if s == "" {
		return b
	}
	return protowire.AppendString(protowire.AppendTag(b, n, protowire.BytesType), s)
}

func appendBytes(b []byte, n protowire.Number, part []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, n, protowire.BytesType), part)
}

// appendMetadataRequest asks what a model takes and gives.
func appendMetadataRequest(b []byte, s *Server) []byte {
	return appendText(appendText(b, 1, s.Model), 2, s.Version)
}

// appendInferRequest asks for a run.
func appendInferRequest(b []byte, s *Server, inputs []network.Tensor, outputs []string) []byte {
	b = appendText(appendText(b, 1, s.Model), 2, s.Version)
	for i := range inputs {
		t := &inputs[i]
		var shape []byte
		for _, side := range t.Shape {
			shape = protowire.AppendVarint(shape, uint64(side))
		}
		head := appendText(appendText(nil, 1, t.Name), 2, datatype(t.Kind()))
		b = appendBytes(b, 5, appendBytes(head, 3, shape))
	}
	for _, name := range outputs {
		b = appendBytes(b, 6, appendText(nil, 1, name))
	}
	for i := range inputs {
		t := &inputs[i]
		raw := make([]byte, 0, 4*len(t.Floats)+8*len(t.Ints))
		for _, x := range t.Floats {
			raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
		}
		for _, x := range t.Ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(x))
		}
		b = appendBytes(b, 7, raw)
	}
	return b
}

var errNoMessage = errors.New("the server's answer is no message of the open inference protocol")

// fields calls take for each field of a message; bytes is nil for a number.
func fields(b []byte, take func(n protowire.Number, bytes []byte, value uint64) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errNoMessage
		}
		b = b[n:]
		var bytes []byte
		var value uint64
		switch kind {
		case protowire.BytesType:
			if bytes, n = protowire.ConsumeBytes(b); bytes == nil {
				bytes = []byte{}
			}
		case protowire.VarintType:
			value, n = protowire.ConsumeVarint(b)
		case protowire.StartGroupType, protowire.EndGroupType:
			return errNoMessage
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return errNoMessage
		}
		b = b[n:]
		if err := take(number, bytes, value); err != nil {
			return err
		}
	}
	return nil
}

// varints reads a repeated number, packed or one by one.
func varints(dst []int64, bytes []byte, value uint64) ([]int64, error) {
	if bytes == nil {
		return append(dst, int64(value)), nil
	}
	for len(bytes) > 0 {
		v, n := protowire.ConsumeVarint(bytes)
		if n < 0 || len(dst) > network.MaxElements {
			return nil, errNoMessage
		}
		dst, bytes = append(dst, int64(v)), bytes[n:]
	}
	return dst, nil
}

// readDescribed reads name, datatype and shape, which stand alike in a description and in an output.
func readDescribed(b []byte, contents *[]byte) (d described, err error) {
	err = fields(b, func(n protowire.Number, bytes []byte, value uint64) (err error) {
		switch n {
		case 1:
			d.Name = string(bytes)
		case 2:
			d.Datatype = string(bytes)
		case 3:
			d.Shape, err = varints(d.Shape, bytes, value)
		case 5:
			if contents != nil {
				*contents = bytes
			}
		}
		return err
	})
	return d, err
}

// readMetadata reads what a model takes and gives.
func readMetadata(b []byte) (inputs, outputs []described, err error) {
	err = fields(b, func(n protowire.Number, bytes []byte, _ uint64) error {
		if n != 4 && n != 5 {
			return nil
		}
		d, err := readDescribed(bytes, nil)
		if n == 4 {
			inputs = append(inputs, d)
		} else {
			outputs = append(outputs, d)
		}
		return err
	})
	if err == nil && inputs == nil {
		err = errNoMessage
	}
	return inputs, outputs, err
}

// readInferResponse reads the outputs of a run. Raw bytes belong to the outputs in their order.
func readInferResponse(b []byte) (version string, out []network.Tensor, err error) {
	var heads []described
	var contents, raw [][]byte
	err = fields(b, func(n protowire.Number, bytes []byte, _ uint64) error {
		switch n {
		case 2:
			version = string(bytes)
		case 5:
			var c []byte
			d, err := readDescribed(bytes, &c)
			heads, contents = append(heads, d), append(contents, c)
			return err
		case 6:
			raw = append(raw, bytes)
		}
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	if len(raw) != 0 && len(raw) != len(heads) {
		return "", nil, fmt.Errorf("%w: %d outputs, and raw bytes of %d", errNoMessage, len(heads), len(raw))
	}
	for i, d := range heads {
		t := network.Tensor{Name: d.Name}
		for _, side := range d.Shape {
			t.Shape = append(t.Shape, int(side))
		}
		if _, err := network.Elements(t.Shape); err != nil {
			return "", nil, fmt.Errorf("the server's output %.80q: %w", d.Name, err)
		}
		if raw != nil {
			err = readRaw(&t, d.Datatype, raw[i])
		} else {
			err = readContents(&t, d.Datatype, contents[i])
		}
		if err != nil {
			return "", nil, err
		}
		out = append(out, t)
	}
	return version, out, nil
}

func readRaw(t *network.Tensor, kind string, b []byte) error {
	switch kind {
	case "FP32":
		if len(b)%4 != 0 {
			return errNoMessage
		}
		t.Floats = make([]float32, len(b)/4)
		for i := range t.Floats {
			t.Floats[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
	case "INT64":
		if len(b)%8 != 0 {
			return errNoMessage
		}
		t.Ints = make([]int64, len(b)/8)
		for i := range t.Ints {
			t.Ints[i] = int64(binary.LittleEndian.Uint64(b[8*i:]))
		}
	}
	return nil
}

// readContents reads numbers that stand in the message by their type.
func readContents(t *network.Tensor, kind string, b []byte) error {
	if kind == "INT64" {
		t.Ints = []int64{}
	}
	return fields(b, func(n protowire.Number, bytes []byte, value uint64) (err error) {
		switch {
		case n == 3 && kind == "INT64":
			t.Ints, err = varints(t.Ints, bytes, value)
		case n == 6 && kind == "FP32":
			err = readRaw(t, kind, bytes) // packed, which is little-endian too
		}
		return err
	})
}
