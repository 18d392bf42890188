package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// emptyStore shows that a partition of which nothing was ever heard is empty and not an
// error, and that nobody owns it.
func emptyStore(c *check) {
	c.holds(&window.StoredPartition{Number: 3, Applied: -1})
	if err := c.Store.Published(c.ctx, 3, "a", window.Position{}); err == nil {
		c.Fatal("published by nobody's owner: no error")
	}
	c.claim(3, "a", -1)
	c.holds(&window.StoredPartition{Number: 3, Applied: -1})
	if a, b := c.digest(), c.digest(0, 1, 2, 3); a != b {
		c.Fatalf("digest of nothing %s, of empty partitions %s", a, b)
	}
}

// applyAndLoad shows that batches add up: appended chunks, a second patient, a chunk written
// whole, and a claim that changes nothing.
func applyAndLoad(c *check) {
	want := newExpected(0)
	c.claim(0, "a", -1)
	for i, b := range []*window.Batch{batch("a", -1, 4, "x:1", 0, 24), batch("a", 4, 5, "x:1", 24, 12), batch("a", 5, 99, "x:0", 0, 36)} {
		c.apply(b, window.OK, b.Last)
		want.apply(b)
		c.holds(&want.StoredPartition)
		if i == 0 && c.digest(0) == c.digest() {
			c.Fatal("a window does not change the digest")
		}
	}
	full := batch("a", 99, 100, "x:1", 0, 36)
	full.Seal = math.MaxUint64
	full.Patients[0].Chunks[0].Full = true
	before := c.digest(0)
	c.apply(full, window.OK, 100)
	want.apply(full)
	c.holds(&want.StoredPartition)
	if c.digest(0) == before {
		c.Fatal("other bytes of the same length do not change the digest")
	}
	c.claim(0, "b", 100)
	c.holds(&want.StoredPartition)
}

// claimsFence shows that an old owner can do nothing at all once another has claimed the
// partition, and that a claim asks for no leave.
func claimsFence(c *check) {
	c.apply(batch("a", -1, 1, "x:1", 0, 12), window.NotOwner, -1)
	c.claim(0, "a", -1)
	c.apply(batch("a", -1, 1, "x:1", 0, 12), window.OK, 1)
	c.claim(0, "b", 1)
	want := c.load(0)
	c.apply(batch("a", 1, 2, "x:1", 12, 12), window.NotOwner, 1)
	// An old owner is told so even about what it has applied itself.
	c.apply(batch("a", -1, 1, "x:1", 0, 12), window.NotOwner, 1)
	c.refused(c.Store.Published(c.ctx, 0, "a", window.Position{Offset: 9}), window.ErrNotOwner, "published by the old owner")
	c.refused(c.Store.Reset(c.ctx, 0, "a"), window.ErrNotOwner, "reset by the old owner")
	c.holds(want)
	c.apply(batch("b", 1, 2, "x:1", 12, 12), window.OK, 2)
	// A claim is unconditional: an owner may come back under its old name.
	c.claim(0, "a", 2)
	c.apply(batch("b", 2, 3, "x:1", 24, 12), window.NotOwner, 2)
}

// gapAndAlready shows what happens to a batch that does not follow the applied offset, up to
// the largest offsets that a script can count.
func gapAndAlready(c *check) {
	c.claim(0, "a", -1)
	c.apply(batch("a", 3, 4, "x:1", 0, 12), window.Gap, -1)
	// A batch may have fewer records than offsets, since a log has holes.
	c.apply(batch("a", -1, 7, "x:1", 0, 12), window.OK, 7)
	want := c.load(0)
	c.apply(batch("a", 8, 9, "x:1", 12, 12), window.Gap, 7)
	// This one overlaps what was applied and goes beyond it.
	c.apply(batch("a", 6, 9, "x:1", 12, 12), window.Gap, 7)
	c.apply(batch("a", -1, 9, "x:1", 0, 12), window.Gap, 7)
	c.apply(batch("a", 5, 7, "x:2", 0, 12), window.Already, 7)
	c.apply(batch("a", 1, 3, "x:2", 0, 12), window.Already, 7)
	c.holds(want)
	// At the largest offsets a script that compares numbers must still tell neighbours apart.
	const high = 1<<53 - 2
	c.apply(batch("a", 7, high-1, "x:1", 12, 12), window.OK, high-1)
	c.apply(batch("a", high, high+1, "x:1", 12, 12), window.Gap, high-1)
	c.apply(batch("a", high-1, high, "x:1", 24, 12), window.OK, high)
	c.claim(0, "b", high)
}

// retry shows that a batch sent again is a success that changes nothing.
func retry(c *check) {
	c.claim(0, "a", -1)
	want := newExpected(0)
	b := batch("a", -1, 4, "x:1", 0, 24)
	c.apply(b, window.OK, 4)
	want.apply(b)
	for range 3 {
		c.apply(b, window.Already, 4)
		c.holds(&want.StoredPartition)
	}
}

// rolledBack shows that a store that has lost its latest writes says so by a gap, and comes to
// hold the same again when the log is replayed, though in other batches.
func rolledBack(c *check) {
	c.claim(0, "a", -1)
	first, second, third := batch("a", -1, 4, "x:1", 0, 24), batch("a", 4, 5, "x:1", 24, 12), batch("a", 5, 6, "x:1", 36, 12)
	third.Patients[0].Deletes = nil
	c.apply(first, window.OK, 4)
	restore := c.Save()
	early := c.load(0)
	c.apply(second, window.OK, 5)
	c.apply(third, window.OK, 6)
	late := c.load(0)
	restore()
	c.holds(early)
	c.apply(batch("a", 6, 7, "x:1", 48, 12), window.Gap, 4)
	c.claim(0, "b", 4)
	c.apply(third, window.NotOwner, 4)
	// The new owner's replay cuts the log into other batches, and the store comes to hold the
	// same.
	both := batch("b", 4, 6, "x:1", 24, 24)
	copy(both.Patients[0].Chunks[0].Bytes, bytes.Repeat([]byte{5}, 12))
	both.Outbox = []window.OutboxEntry{output(5, 0), output(6, 0)}
	c.apply(both, window.OK, 6)
	c.holds(late)
}

// oddBytes shows that names, states, keys and values may be any bytes: a store that joins them
// with a separator, or reads them as text, fails here.
func oddBytes(c *check) {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	// Names that a key made of parts could confuse: with other patients' hours, with the
	// braces of a cluster slot, and with the fields of a partition.
	names := []string{"x:1", "x:1:7", "x:1:7:7", "x", ":", "{k5}", "a}b{", "run/d:1", " ", "\n", "é", "日本", string(all), "p", "o", "own", "v", "x:-1"}
	c.claim(5, "a\x00\xff", -1)
	want := newExpected(5)
	b := &window.Batch{Partition: 5, Owner: "a\x00\xff", Prev: -1, Last: 9}
	for i, name := range names {
		bytesOf := append(bytes.Clone(all), byte(i))
		hour := int64(7 - 8*i) // most of these lie before 1970
		b.Patients = append(b.Patients, window.PatientWrite{
			Patient: name, State: bytesOf,
			Chunks: []window.ChunkWrite{{Hour: hour, Bytes: bytesOf}},
			Lens:   []window.ChunkLen{{Hour: hour, Len: len(bytesOf)}},
		})
	}
	b.Patients[0].State = []byte{} // an empty state is a state; only nil deletes
	// An output's key and value keep nil apart from empty, since nil is a tombstone in Kafka.
	for i, v := range [][]byte{nil, {}, all, []byte("\r\n")} {
		b.Outbox = append(b.Outbox, window.OutboxEntry{
			Position: window.Position{Offset: 9, Index: i}, Topic: string(all), Key: v, Value: v,
			Headers: []schemas.Header{{Key: "", Value: string(all)}, {Key: string(all), Value: ""}},
		})
	}
	c.apply(b, window.OK, 9)
	want.apply(b)
	c.holds(&want.StoredPartition)
	got := c.load(5).Outbox
	if got[0].Value != nil || got[0].Key != nil || got[1].Value == nil || got[1].Key == nil {
		c.Fatalf("nil and empty are not told apart: %#v", got[:2])
	}
}

// deletes shows that hours and patients go when a batch says so, and that nothing of the old
// ones is there when they come again.
func deletes(c *check) {
	c.claim(0, "a", -1)
	want := newExpected(0)
	step := func(b *window.Batch) {
		c.Helper()
		c.apply(b, window.OK, b.Last)
		want.apply(b)
		c.holds(&want.StoredPartition)
	}
	b := batch("a", -1, 1, "x:1", 0, 12)
	b.Patients[0].Chunks = append(b.Patients[0].Chunks, window.ChunkWrite{Hour: 8, Bytes: make([]byte, 24)})
	b.Patients[0].Lens = append(b.Patients[0].Lens, window.ChunkLen{Hour: 8, Len: 24})
	b.Patients = append(b.Patients, batch("a", -1, 1, "x:2", 0, 12).Patients...)
	step(b)
	full := c.digest(0)
	step(&window.Batch{Owner: "a", Prev: 1, Last: 2, Patients: []window.PatientWrite{{
		Patient: "x:1", State: []byte("trimmed"), Deletes: []int64{-40, 7}, Lens: []window.ChunkLen{{Hour: 8, Len: 24}},
	}}})
	if c.digest(0) == full {
		c.Fatal("a dropped hour does not change the digest")
	}
	// The hour comes again: nothing of the old one is in it.
	again := batch("a", 2, 3, "x:1", 0, 12)
	again.Patients[0].Lens = append(again.Patients[0].Lens, window.ChunkLen{Hour: 8, Len: 24})
	step(again)
	step(&window.Batch{Owner: "a", Prev: 3, Last: 4, Patients: []window.PatientWrite{{Patient: "x:1"}, {Patient: "never seen"}}})
	// The patient comes again: nothing of the old one is there.
	step(batch("a", 4, 5, "x:1", 0, 12))
	step(&window.Batch{Owner: "a", Prev: 5, Last: 6, Patients: []window.PatientWrite{{Patient: "x:1", State: []byte("no window"), Deletes: []int64{7}, Lens: []window.ChunkLen{}}}})
}

// outboxOrder shows that outputs keep the order of their positions as numbers, where bytes or
// digits would sort otherwise, and that publishing drops the right ones: parts of batches,
// whole batches, and what is dropped already.
func outboxOrder(c *check) {
	c.claim(0, "a", -1)
	want := newExpected(0)
	prev := int64(-1)
	// The offsets and indices grow by a digit or by a byte, where text or little-endian bytes
	// would sort wrongly.
	for _, last := range []int64{2, 9, 10, 99, 100, 255, 256, 65536, 1 << 40} {
		b := &window.Batch{Owner: "a", Prev: prev, Last: last}
		for _, index := range []int{0, 1, 2, 9, 10, 255, 256} {
			b.Outbox = append(b.Outbox, output(last, index))
		}
		if last > prev+1 {
			b.Outbox = append([]window.OutboxEntry{output(prev+1, 3)}, b.Outbox...)
		}
		switch last {
		case 10:
			b.Published = window.Position{Offset: 2, Index: 9} // a part of a batch
		case 99:
			b.Published = window.Position{Offset: 2} // already
		case 65536:
			b.Published = window.Position{Offset: 99, Index: math.MaxUint32} // several batches whole
		}
		c.apply(b, window.OK, last)
		want.apply(b)
		c.holds(&want.StoredPartition)
		prev = last
	}
	for _, upTo := range []window.Position{{Offset: 0, Index: 2}, {Offset: 100, Index: 1}, {Offset: 100, Index: 10}, {Offset: 100, Index: 10}, {Offset: 5}, {Offset: 200}, {Offset: 256, Index: math.MaxUint32}, {Offset: 1 << 41}} {
		if err := c.Store.Published(c.ctx, 0, "a", upTo); err != nil {
			c.Fatal(err)
		}
		want.published(upTo)
		c.holds(&want.StoredPartition)
	}
	if len(want.Outbox) != 0 {
		c.Fatal("the case does not end with an empty outbox")
	}
}

// headsAndChunks shows that what Load gives at once comes in parts too, and that chunks which
// are not what a place says are torn to the owner and refused to another.
func headsAndChunks(c *check) {
	c.claim(0, "a", -1)
	u := newUnit(3, 4, 30)
	for range 20 {
		c.apply(u.next("a", 0), window.OK, u.applied)
	}
	whole := c.load(0)
	got, err := c.Store.Heads(c.ctx, 0)
	if err != nil {
		c.Fatal(err)
	}
	var places []window.Place
	for i := range got.Patients {
		p := &got.Patients[i]
		if p.Chunks != nil {
			c.Fatalf("%s: heads come with chunks", p.Patient)
		}
		for _, l := range p.Lens {
			places = append(places, window.Place{Patient: p.Patient, ChunkLen: l})
		}
	}
	chunks, err := c.Store.Chunks(c.ctx, 0, "a", places)
	if err != nil || len(chunks) != len(places) || len(places) == 0 {
		c.Fatalf("%d chunks at %d places, %v", len(chunks), len(places), err)
	}
	for i := range got.Patients {
		p := &got.Patients[i]
		for _, l := range p.Lens {
			p.Chunks, chunks = append(p.Chunks, window.Chunk{Hour: l.Hour, Bytes: chunks[0]}), chunks[1:]
		}
	}
	if diff := cmp.Diff(whole, got, cmpopts.EquateEmpty()); diff != "" {
		c.Fatal("in parts it is not what it is at once (-whole +parts):\n" + diff)
	}
	if none, err := c.Store.Chunks(c.ctx, 0, "a", nil); err != nil || len(none) != 0 {
		c.Fatalf("chunks at no place: %v, %v", none, err)
	}
	// What a store holds of a chunk beyond the length in force does not count.
	short := places[0]
	short.Len -= window.RecordSize
	if part, err := c.Store.Chunks(c.ctx, 0, "a", []window.Place{short}); err != nil || len(part[0]) != short.Len {
		c.Fatalf("a chunk without its last record: %v, %v", part, err)
	}
	for name, spoil := range map[string]func(*window.Place){
		"longer than it is": func(p *window.Place) { p.Len += window.RecordSize },
		"of no such hour":   func(p *window.Place) { p.Hour = 1 },
		"of nobody":         func(p *window.Place) { p.Patient = "nobody" },
	} {
		at := places[0]
		spoil(&at)
		_, err := c.Store.Chunks(c.ctx, 0, "a", []window.Place{at})
		c.refused(err, window.ErrTorn, "a chunk "+name)
		c.claim(0, "b", u.applied)
		_, err = c.Store.Chunks(c.ctx, 0, "a", []window.Place{at})
		c.refused(err, window.ErrNotOwner, "a chunk "+name+", to an old owner")
		c.claim(0, "a", u.applied)
	}
}

// reset shows that a partition can be emptied by its owner, who stays so, and that its
// neighbour is left alone.
func reset(c *check) {
	c.claim(0, "a", -1)
	c.claim(1, "a", -1)
	b := batch("a", -1, 4, "x:1", 0, 24)
	c.apply(b, window.OK, 4)
	b.Partition = 1
	c.apply(b, window.OK, 4)
	other := c.load(1)
	if err := c.Store.Reset(c.ctx, 0, "a"); err != nil {
		c.Fatal(err)
	}
	c.holds(&window.StoredPartition{Number: 0, Applied: -1})
	c.holds(other)
	// It is still the owner, and nothing of the old chunk shines through a shorter one.
	b = batch("a", -1, 2, "x:1", 0, 12)
	c.apply(b, window.OK, 2)
	want := newExpected(0)
	want.apply(b)
	c.holds(&want.StoredPartition)
}

// race lets two owners take the partition from each other and go on where the store says,
// while a third worker reads. However it comes out, the log was applied once and in order,
// and whatever was read was whole.
func race(c *check) {
	const length = 60
	var owners, reader sync.WaitGroup
	for _, owner := range []string{"a", "b"} {
		owners.Go(func() {
			for claim := 0; ; claim++ {
				name := fmt.Sprint(owner, claim)
				applied, err := c.Store.Claim(c.ctx, 0, name)
				if err != nil {
					c.Error(err)
					return
				}
				for turn := 0; turn < 5; turn++ {
					if applied == length-1 {
						return
					}
					answer, now, err := c.Store.Apply(c.ctx, raceBatch(name, applied))
					if err != nil {
						c.Error(err)
						return
					}
					if answer == window.NotOwner {
						break
					}
					applied = now
				}
			}
		})
	}
	done := make(chan struct{})
	reader.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
			}
			p, err := c.Store.Load(c.ctx, 0)
			if errors.Is(err, window.ErrUnavailable) {
				continue // the partition kept changing while it was read
			}
			if err != nil {
				c.Error(err)
				return
			}
			if diff := cmp.Diff(&raceHeld(p.Applied).StoredPartition, p, cmpopts.EquateEmpty()); diff != "" {
				c.Errorf("read at offset %d: %s", p.Applied, diff)
				return
			}
		}
	})
	owners.Wait()
	close(done)
	reader.Wait()
	c.holds(&raceHeld(length - 1).StoredPartition)
}

// raceBatch adds an hour and drops the one before, so that a reader who mixes two offsets
// finds a chunk too many or too few.
func raceBatch(owner string, applied int64) *window.Batch {
	b := batch(owner, applied, applied+1, "x:1", 0, 12)
	p := &b.Patients[0]
	p.Chunks[0].Hour, p.Lens[0].Hour = b.Last, b.Last
	if applied >= 0 {
		p.Deletes = []int64{applied}
	}
	return b
}

// raceHeld is what the partition must hold when the race has come to an offset.
func raceHeld(applied int64) *expected {
	e := newExpected(0)
	for o := int64(-1); o < applied; o++ {
		e.apply(raceBatch("", o))
	}
	return e
}

// partitionsApart shows that partition 1 is not 11, as it is where keys are matched by their
// beginning.
func partitionsApart(c *check) {
	c.claim(1, "a", -1)
	c.claim(11, "a", -1)
	one, eleven := batch("a", -1, 4, "x:1", 0, 24), batch("a", -1, 8, "x:1", 0, 12)
	one.Partition, eleven.Partition = 1, 11
	c.apply(one, window.OK, 4)
	c.apply(eleven, window.OK, 8)
	want := newExpected(1)
	want.apply(one)
	c.holds(&want.StoredPartition)
	want = newExpected(11)
	want.apply(eleven)
	c.holds(&want.StoredPartition)
	if c.digest(1, 11) == c.digest(1) || c.digest(1) == c.digest(11) {
		c.Fatal("partitions do not count in the digest")
	}
	c.claim(0, "a", -1)
}

// oneLog: the first name of a log stands, through claims and a reset.
func oneLog(c *check) {
	for i, log := range []string{"first", "second", "first"} {
		if named, err := c.Store.Follows(c.ctx, 0, log); err != nil || named != "first" {
			c.Fatalf("follows %s: %q, %v, want first", log, named, err)
		}
		if i == 0 {
			if _, err := c.Store.Claim(c.ctx, 0, "a"); err != nil {
				c.Fatal(err)
			}
			if err := c.Store.Reset(c.ctx, 0, "a"); err != nil {
				c.Fatal(err)
			}
		}
	}
	if named, err := c.Store.Follows(c.ctx, 1, "second"); err != nil || named != "second" {
		c.Errorf("another partition follows %q, %v, want second", named, err)
	}
}
