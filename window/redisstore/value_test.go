package redisstore

import (
	"bytes"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// FuzzParsePatient: what is read can be written again to the same bytes.
func FuzzParsePatient(f *testing.F) {
	f.Add(appendPatient(nil, 7, []window.ChunkLen{{Hour: -3, Len: 12}, {Hour: 472222, Len: 24}}, []byte("state")))
	f.Add(appendPatient(nil, 0, nil, nil))
	f.Add([]byte{1, 2, 3})
	f.Fuzz(func(t *testing.T, v []byte) {
		offset, lens, state, err := parsePatient(v)
		if err == nil && !bytes.Equal(appendPatient(nil, offset, lens, state), v) {
			t.Fatalf("%x read as %d %v %x", v, offset, lens, state)
		}
	})
}

// twoOutputs share a topic and most of their headers, as outputs of one batch do.
func twoOutputs() []window.OutboxEntry {
	first := window.OutboxEntry{
		Position: window.Position{Offset: 9, Index: 3}, Topic: "icu.scores.v1", Key: []byte("x:1"), Value: []byte("{}"),
		Headers: []schemas.Header{{Key: "id", Value: "a"}, {Key: "pos", Value: "9.3"}},
	}
	second := first
	second.Position, second.Headers = window.Position{Offset: 9, Index: 4}, []schemas.Header{{Key: "id", Value: "a"}, {Key: "pos", Value: "9.4"}, {Key: "more"}}
	return []window.OutboxEntry{first, second}
}

// A member names the position of its last output in front, so that a cut is found even
// where it falls between two outputs.
func TestCutOutboxIsRefused(t *testing.T) {
	b := appendOutbox(nil, twoOutputs())
	if all, err := parseOutbox(b, nil); err != nil || len(all) != 2 {
		t.Fatalf("read %v, error %v", all, err)
	}
	for n := range b {
		if all, err := parseOutbox(b[:n], nil); err == nil {
			t.Errorf("cut to %d of %d bytes: read %v", n, len(b), all)
		}
	}
}

// FuzzParseOutbox: whatever the bytes, an error or outputs that survive another
// writing and reading.
func FuzzParseOutbox(f *testing.F) {
	f.Add(appendOutbox(nil, twoOutputs()))
	f.Add(bytes.Repeat([]byte{255}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := parseOutbox(b, nil)
		if err != nil {
			return
		}
		once := appendOutbox(nil, all)
		again, err := parseOutbox(once, nil)
		if err != nil || !bytes.Equal(appendOutbox(nil, again), once) {
			t.Fatalf("%x read as %+v, again as %+v, %v", b, all, again, err)
		}
	})
}
