package remote

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/vigil-icu/vigil/encoders/network"
)

// messages are those of testdata/make.py.
func messages(t *testing.T) map[string][]byte {
	t.Helper()
	b, err := os.ReadFile("testdata/messages.json")
	if err != nil {
		t.Fatal(err)
	}
	var text map[string]string
	if err := json.Unmarshal(b, &text); err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{}
	for name, digits := range text {
		if out[name], err = hex.DecodeString(digits); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What is written and read is what another implementation of the protocol reads and writes, byte for byte.
func TestMessagesOfAnotherImplementation(t *testing.T) {
	m := messages(t)
	s := &Server{Model: "notes", Version: "3"}
	if got := appendMetadataRequest(nil, s); !slices.Equal(got, m["metadata_request"]) {
		t.Errorf("metadata request %x, want %x", got, m["metadata_request"])
	}
	got := appendInferRequest(nil, s, []network.Tensor{
		{Name: "input_ids", Shape: []int{1, 3}, Ints: []int64{2, 300, 3}}, {Name: "film", Shape: []int{1, 2}, Floats: []float32{0.5, -1024}},
	}, []string{"hidden"})
	if !slices.Equal(got, m["request"]) {
		t.Errorf("request\n%x, want\n%x", got, m["request"])
	}
	want := []network.Tensor{{Name: "hidden", Shape: []int{1, 3}, Floats: []float32{1, 2.5, -3}}, {Name: "ids", Shape: []int{2}, Ints: []int64{-1, 7}}}
	for _, form := range []string{"raw", "typed"} {
		if _, out, err := readInferResponse(m[form]); err != nil || !reflect.DeepEqual(out, want) {
			t.Errorf("%s: %+v, %v; want %+v", form, out, err, want)
		}
	}
	in, out, err := readMetadata(m["metadata"])
	if err != nil || !reflect.DeepEqual(in, []described{{"input_ids", "INT64", []int64{-1, -1}}}) || !reflect.DeepEqual(out, []described{{"hidden", "FP32", []int64{-1, 8}}}) {
		t.Errorf("metadata %+v, %+v, %v", in, out, err)
	}
}

// An answer that is torn, or lies about its sizes, is an error and takes no memory.
func TestHostileAnswers(t *testing.T) {
	m := messages(t)
	for name, b := range m {
		for i := range b {
			_, _, _ = readInferResponse(b[:i])
			_, _, _ = readMetadata(b[:i])
		}
		_ = name
	}
	output := func(parts ...[]byte) []byte { return appendBytes(nil, 5, slices.Concat(parts...)) }
	number := func(n protowire.Number, v uint64) []byte {
		return protowire.AppendVarint(protowire.AppendTag(nil, n, protowire.VarintType), v)
	}
	named, floats := appendText(nil, 1, "hidden"), appendText(nil, 2, "FP32")
	for _, c := range []struct {
		name string
		b    []byte
		says string
	}{
		{"text", []byte("<html>"), "no message"},
		{"a group", protowire.AppendTag(nil, 5, protowire.StartGroupType), "no message"},
		{"a huge shape", output(named, floats, number(3, 1<<40)), "more than"},
		{"a negative one", output(named, floats, number(3, 1<<63)), "negative"},
		{"raw bytes of nothing", appendBytes(nil, 6, []byte{1, 2, 3, 4}), "0 outputs, and raw bytes of 1"},
		{"broken raw bytes", append(output(named, floats, number(3, 1)), appendBytes(nil, 6, []byte{1, 2, 3})...), "no message"},
	} {
		if _, _, err := readInferResponse(c.b); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", c.name, err, c.says)
		}
	}
	_, out, err := readInferResponse(output(named, floats, number(3, 4)))
	if err == nil {
		_, err = inOrder(out, []string{"hidden"})
	}
	if err == nil {
		t.Error("an output without its numbers is taken")
	}
}
