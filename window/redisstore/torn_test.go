package redisstore_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// open returns a store without prefix on addr.
func open(t *testing.T, addr string) *redisstore.Store {
	t.Helper()
	s, err := redisstore.Open("redis://"+addr, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func apply(t *testing.T, s *redisstore.Store, b *window.Batch, want window.Answer) {
	t.Helper()
	if got, _, err := s.Apply(t.Context(), b); err != nil || got != want {
		t.Fatalf("apply %d..%d: %v, %v, want %v", b.Prev, b.Last, got, err, want)
	}
}

func claim(t *testing.T, s *redisstore.Store, owner string) int64 {
	t.Helper()
	applied, err := s.Claim(t.Context(), 0, owner)
	if err != nil {
		t.Fatal(err)
	}
	return applied
}

func load(t *testing.T, s *redisstore.Store) *window.StoredPartition {
	t.Helper()
	p, err := s.Load(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// threeBatches are of one log: a beginning, one that appends, rewrites, drops,
// adds a patient and takes one away, and one more.
func threeBatches() []*window.Batch {
	chunk := func(hour int64, pos int, fill byte, n int) window.ChunkWrite {
		return window.ChunkWrite{Hour: hour, Pos: pos, Bytes: bytes.Repeat([]byte{fill}, n)}
	}
	full := window.ChunkWrite{Hour: 2, Bytes: append(bytes.Repeat([]byte{1}, 24), bytes.Repeat([]byte{2}, 120)...), Full: true, Closed: true}
	out := func(o int64) window.OutboxEntry {
		return window.OutboxEntry{Position: window.Position{Offset: o}, Topic: "icu.scores.v1", Key: []byte("k"), Value: fmt.Append(nil, o), Headers: []schemas.Header{{Key: "pos", Value: fmt.Sprint(o)}}}
	}
	return []*window.Batch{
		{Owner: "o", Prev: -1, Last: 3, Outbox: []window.OutboxEntry{out(3)}, Patients: []window.PatientWrite{
			{Patient: "a", State: []byte("a3"), Chunks: []window.ChunkWrite{chunk(1, 0, 1, 12), chunk(2, 0, 1, 24), chunk(3, 0, 1, 12)}, Lens: lens(1, 12, 2, 24, 3, 12)},
			{Patient: "b", State: []byte("b3"), Chunks: []window.ChunkWrite{chunk(1, 0, 1, 12)}, Lens: lens(1, 12)},
		}},
		{Owner: "o", Prev: 3, Last: 5, Outbox: []window.OutboxEntry{out(4), out(5)}, Patients: []window.PatientWrite{
			{Patient: "a", State: []byte("a5"), Chunks: []window.ChunkWrite{full, chunk(3, 12, 2, 12), chunk(4, 0, 2, 12)}, Deletes: []int64{1}, Lens: lens(2, 144, 3, 24, 4, 12)},
			{Patient: "b"},
			{Patient: "c", State: []byte("c5"), Chunks: []window.ChunkWrite{chunk(4, 0, 2, 24)}, Lens: lens(4, 24)},
		}},
		{Owner: "o", Prev: 5, Last: 6, Outbox: []window.OutboxEntry{out(6)}, Patients: []window.PatientWrite{
			{Patient: "c", State: []byte("c6"), Chunks: []window.ChunkWrite{chunk(4, 24, 3, 12)}, Lens: lens(4, 36)},
		}},
	}
}

// lens makes lengths of pairs of hour and length.
func lens(pairs ...int) (l []window.ChunkLen) {
	for i := 0; i < len(pairs); i += 2 {
		l = append(l, window.ChunkLen{Hour: int64(pairs[i]), Len: pairs[i+1]})
	}
	return l
}

// The log of commands is torn at every place of one batch's transaction. The
// first restart cuts it, new writes follow, and the second restart may execute
// the half that was cut. The partition must be whole each time.
func TestTornAppendOnlyFile(t *testing.T) {
	batches := threeBatches()
	options := []string{"--save", "", "--appendonly", "yes", "--appendfsync", "always"}
	calm := t.TempDir()
	server := storetest.StartRedis(t, calm, options...)
	s := open(t, server.Addr)
	claim(t, s, "o")
	apply(t, s, batches[0], window.OK)
	early, file := load(t, s), aof(t, calm)
	before := size(t, file)
	apply(t, s, batches[1], window.OK)
	after := size(t, file)
	apply(t, s, batches[2], window.OK)
	late := load(t, s)
	server.Kill()
	if after-before < 300 {
		t.Fatalf("the batch is %d bytes of the file", after-before)
	}

	places := 12
	if testing.Short() {
		places = 3
	}
	for i := range places {
		cut := before + (after-before)*int64(i+1)/int64(places+1)
		t.Run(fmt.Sprint(cut-before), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(calm)); err != nil {
				t.Fatal(err)
			}
			if err := os.Truncate(aof(t, dir), cut); err != nil {
				t.Fatal(err)
			}
			for restart := range 3 {
				server := storetest.StartRedis(t, dir, options...)
				s := open(t, server.Addr)
				applied := claim(t, s, "o")
				p := load(t, s)
				want := early
				if applied == late.Applied {
					want = late
				}
				if diff := cmp.Diff(want, p, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("restart %d, applied %d: %s", restart, applied, diff)
				}
				if restart == 0 && applied != early.Applied {
					t.Fatalf("applied %d after the cut, want %d", applied, early.Applied)
				}
				// The replay, cut into batches as before.
				for _, b := range batches[1:] {
					if b.Prev >= applied {
						apply(t, s, b, window.OK)
					}
				}
				if diff := cmp.Diff(late, load(t, s), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("restart %d, after the replay: %s", restart, diff)
				}
				server.Kill()
			}
		})
	}
}

func aof(t *testing.T, dir string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "appendonlydir", "*.incr.aof"))
	if err != nil || len(files) != 1 {
		t.Fatalf("append-only files %v, %v", files, err)
	}
	return files[0]
}

func size(t *testing.T, file string) int64 {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

// Every prefix of what a batch writes is put into the store as it was before the batch. The
// store must then read as before the batch, and take it.
func TestHalfABatchDoesNotCount(t *testing.T) {
	addr := miniredis.RunT(t).Addr()
	batches, raw, s := threeBatches(), connect(t, addr), open(t, addr)
	claim(t, s, "o")
	apply(t, s, batches[0], window.OK)
	early, was := load(t, s), read(t, raw, "")
	apply(t, s, batches[1], window.OK)
	later, is := load(t, s), read(t, raw, "")
	if diff := cmp.Diff([]string{"{k0}:m", "{k0}:out", "{k0}:w:a:2", "{k0}:w:a:3", "{k0}:w:a:4", "{k0}:w:c:4"}, slices.Sorted(maps.Keys(is))); diff != "" {
		t.Fatalf("keys after the batch: %s", diff)
	}
	for _, written := range [][]string{
		{"{k0}:w:a:2"},
		{"{k0}:w:a:2", "{k0}:w:a:3"},
		{"{k0}:w:a:2", "{k0}:w:a:3", "{k0}:w:a:4", "{k0}:w:c:4"},
		{"{k0}:w:a:2", "{k0}:w:a:3", "{k0}:w:a:4", "{k0}:w:c:4", "{k0}:out"},
	} {
		half := maps.Clone(was)
		for _, k := range written {
			if is[k] == nil {
				t.Fatalf("the batch wrote no %s", k)
			}
			half[k] = is[k]
		}
		write(t, raw, "", half)
		if diff := cmp.Diff(early, load(t, s), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("after %v: %s", written, diff)
		}
		apply(t, s, batches[1], window.OK)
		if diff := cmp.Diff(is, read(t, raw, "")); diff != "" {
			t.Fatalf("after %v and the batch: %s", written, diff)
		}
	}
	// Outputs that a worker which is gone left beyond the applied offset, and
	// that the replay does not make: they go.
	half := maps.Clone(was)
	other := *batches[1]
	other.Outbox = slices.Clone(other.Outbox)
	other.Outbox[0].Value, other.Outbox[1].Index = []byte("other"), 9
	write(t, raw, "", was)
	apply(t, s, &other, window.OK)
	half["{k0}:out"] = read(t, raw, "")["{k0}:out"]
	write(t, raw, "", half)
	apply(t, s, batches[1], window.OK)
	if diff := cmp.Diff(is, read(t, raw, "")); diff != "" {
		t.Fatalf("after other outputs and the batch: %s", diff)
	}
	// All but the deletes: nothing of what should be gone is seen.
	half = read(t, raw, "")
	half["{k0}:w:a:1"], half["{k0}:w:b:1"] = was["{k0}:w:a:1"], was["{k0}:w:b:1"]
	meta := half["{k0}:m"].(map[string]string)
	meta["pb"] = ""
	write(t, raw, "", half)
	if diff := cmp.Diff(later, load(t, s), cmpopts.EquateEmpty()); diff != "" {
		t.Fatal(diff)
	}
}

func TestTornStoreSaysSo(t *testing.T) {
	for name, tear := range map[string]func(contents){
		"chunk missing":       func(c contents) { delete(c, "{k0}:w:a:2") },
		"chunk short":         func(c contents) { c["{k0}:w:a:2"] = "short" },
		"state from later on": func(c contents) { c["{k0}:m"].(map[string]string)["o"] = "2" },
		"offset no number":    func(c contents) { c["{k0}:m"].(map[string]string)["o"] = "two" },
		"head cut":            func(c contents) { c["{k0}:m"].(map[string]string)["pa"] = "\x01abc" },
		"outbox gone":         func(c contents) { delete(c, "{k0}:out") },
		"output cut":          func(c contents) { c["{k0}:out"] = []string{"\x00\x00"} },
	} {
		t.Run(name, func(t *testing.T) {
			addr := miniredis.RunT(t).Addr()
			raw, s := connect(t, addr), open(t, addr)
			claim(t, s, "o")
			apply(t, s, threeBatches()[0], window.OK)
			all := read(t, raw, "")
			tear(all)
			write(t, raw, "", all)
			if _, err := s.Load(t.Context(), 0); !errors.Is(err, window.ErrTorn) {
				t.Fatalf("error %v, want %v", err, window.ErrTorn)
			}
			if err := s.Reset(t.Context(), 0, "o"); err != nil {
				t.Fatal(err)
			}
			apply(t, s, threeBatches()[0], window.OK)
		})
	}
}
