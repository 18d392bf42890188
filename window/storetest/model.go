package storetest

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/window"
)

// expected is the suite's own plain idea of a partition: what a store must hold after the
// batches that it has said OK to. It is written for reading, not for speed, and shares no
// code with a store.
type expected struct{ window.StoredPartition }

// newExpected is a partition of which nothing is applied.
func newExpected(number int) *expected {
	return &expected{window.StoredPartition{Number: number, Applied: -1}}
}

// apply does what a store must do with a batch that follows.
func (e *expected) apply(b *window.Batch) {
	for _, w := range b.Patients {
		i, ok := slices.BinarySearchFunc(e.Patients, w.Patient, func(p window.StoredPatient, name string) int { return strings.Compare(p.Patient, name) })
		if w.State == nil {
			if ok {
				e.Patients = slices.Delete(e.Patients, i, i+1)
			}
			continue
		}
		if !ok {
			e.Patients = slices.Insert(e.Patients, i, window.StoredPatient{Patient: w.Patient})
		}
		p := &e.Patients[i]
		p.State = w.State
		chunks := map[int64][]byte{}
		for _, c := range p.Chunks {
			chunks[c.Hour] = c.Bytes
		}
		for _, c := range w.Chunks {
			chunks[c.Hour] = append(bytes.Clone(chunks[c.Hour][:c.Pos]), c.Bytes...)
		}
		for _, hour := range w.Deletes {
			delete(chunks, hour)
		}
		p.Chunks, p.Lens = nil, w.Lens
		for _, l := range w.Lens {
			p.Chunks = append(p.Chunks, window.Chunk{Hour: l.Hour, Bytes: chunks[l.Hour]})
		}
		slices.SortFunc(p.Chunks, func(a, b window.Chunk) int { return cmp.Compare(a.Hour, b.Hour) })
	}
	e.Outbox = slices.DeleteFunc(slices.Clone(e.Outbox), func(o window.OutboxEntry) bool { return o.Compare(b.Published) < 0 })
	e.Outbox = append(e.Outbox, b.Outbox...)
	e.Applied, e.Seal = b.Last, b.Seal
}

// published does what a store must do when outputs up to a position are out.
func (e *expected) published(upTo window.Position) {
	e.Outbox = slices.DeleteFunc(slices.Clone(e.Outbox), func(o window.OutboxEntry) bool { return o.Compare(upTo) <= 0 })
}

// output is an outbox entry whose contents name its position, so that a mix-up shows.
func output(offset int64, index int) window.OutboxEntry {
	name := fmt.Sprintf("%d.%d", offset, index)
	return window.OutboxEntry{
		Position: window.Position{Offset: offset, Index: index},
		Topic:    "icu.scores.v1", Key: []byte("key " + name), Value: []byte("value " + name),
	}
}

// batch is a batch of one patient with one chunk of n bytes from pos on and one output. The
// bytes are the low byte of last, so that it shows which batch wrote them.
func batch(owner string, prev, last int64, patient string, pos, n int) *window.Batch {
	b := &window.Batch{Owner: owner, Prev: prev, Last: last, Outbox: []window.OutboxEntry{output(last, 0)}}
	b.Patients = []window.PatientWrite{{
		Patient: patient,
		State:   fmt.Appendf(nil, "state at %d", last),
		Chunks:  []window.ChunkWrite{{Hour: 7, Pos: pos, Bytes: bytes.Repeat([]byte{byte(last)}, n)}},
		Lens:    []window.ChunkLen{{Hour: 7, Len: pos + n}},
	}}
	return b
}
