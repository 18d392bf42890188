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

// FuzzParseEntry: whatever the bytes, an error or an output that survives
// another writing and reading.
func FuzzParseEntry(f *testing.F) {
	f.Add(appendEntry(nil, &window.OutboxEntry{
		Position: window.Position{Offset: 9, Index: 3}, Topic: "icu.scores.v1", Key: []byte("x:1"), Value: []byte("{}"),
		Headers: []schemas.Header{{Key: "pos", Value: "9.3"}},
	}))
	f.Add(bytes.Repeat([]byte{255}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := parseEntry(b)
		if err != nil {
			return
		}
		once := appendEntry(nil, &e)
		again, err := parseEntry(once)
		if err != nil || !bytes.Equal(appendEntry(nil, &again), once) {
			t.Fatalf("%x read as %+v, again as %+v, %v", b, e, again, err)
		}
	})
}
