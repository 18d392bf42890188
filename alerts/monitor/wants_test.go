package monitor

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/memstore"
)

// lean is a partition beside its store, which alone has the records of closed hours.
type lean struct {
	m       *Monitor
	store   *memstore.Store
	s       *Partition
	applied int64
	read    int // chunks
}

func newLean(t testing.TB, m *Monitor) *lean {
	t.Helper()
	l := &lean{m: m, store: memstore.New(), s: NewPartition(), applied: -1}
	if _, err := l.store.Claim(t.Context(), 0, "o"); err != nil {
		t.Fatal(err)
	}
	return l
}

// step moves the partition by the first of the records, with an eye on the others.
func (l *lean) step(t testing.TB, records []*schemas.Record, offset int64, out []Output) []Output {
	t.Helper()
	var wanted []window.Place
	for _, rec := range records {
		wanted = l.s.Wants(rec, wanted)
	}
	chunks, err := l.store.Chunks(t.Context(), 0, "o", wanted)
	if err == nil {
		err = l.s.Give(wanted, chunks)
	}
	if err == nil {
		out, err = l.m.Step(l.s, records[0], offset, out)
	}
	if err == nil {
		err = l.s.Lost()
	}
	if err != nil {
		t.Fatalf("at %d: %v", offset, err)
	}
	l.read += len(wanted)
	return out
}

// write gives the store what changed.
func (l *lean) write(t testing.TB, last int64) {
	t.Helper()
	b := window.Batch{Owner: "o", Prev: l.applied, Last: last, Patients: l.s.Writes(nil)}
	if answer, _, err := l.store.Apply(t.Context(), &b); answer != window.OK {
		t.Fatal(answer, err)
	}
	l.applied = last
}

// restart makes the partition again of what is stored.
func (l *lean) restart(t testing.TB) *window.StoredPartition {
	t.Helper()
	stored, err := l.store.Heads(t.Context(), 0)
	if err == nil {
		l.s, err = l.m.LoadPartition(stored)
	}
	if err != nil {
		t.Fatal(err)
	}
	return stored
}

// Windows of which only the store has the closed hours, written and read in batches
// of any size, with restarts between them, answer as windows that are all in memory,
// and come to the same bytes.
func TestReleasedWindowsChangeNothing(t *testing.T) {
	read := 0
	rapid.Check(t, func(rt *rapid.T) {
		m := modelMonitor()
		if rapid.IntRange(0, 5).Draw(rt, "minutes") == 0 {
			m = minuteMonitor() // needs observations: nothing is released
		}
		seed := rapid.Uint64().Draw(rt, "seed")
		most := rapid.IntRange(1, 40).Draw(rt, "batch")
		log := history.WithTicks(rand.New(rand.NewPCG(seed, 2)), history.Make(seed, 100, 3, rapid.Bool().Draw(rt, "recorded")), 0.2)
		whole := NewPartition()
		want := steps(t, m, whole, log, 0)

		r := rand.New(rand.NewPCG(seed, 3))
		l := newLean(t, m)
		var got []Output
		for i := 0; i < len(log); {
			end := min(len(log), i+1+r.IntN(most))
			for ; i < end; i++ {
				got = l.step(t, log[i:min(end, i+1+r.IntN(most))], int64(10+i), got)
			}
			l.write(t, int64(10+i-1))
			switch r.IntN(6) {
			case 0:
				l.restart(t)
			case 1: // as an idle owner does
				wanted := l.s.WantsUnread(nil)
				chunks, err := l.store.Chunks(t.Context(), 0, "o", wanted)
				if err == nil {
					err = l.s.Give(wanted, chunks)
				}
				if err != nil {
					rt.Fatal(err)
				}
			}
		}
		read += l.read
		if a, b := texts(want), texts(got); !slices.Equal(a, b) {
			rt.Fatalf("(- whole, + released):\n%s", history.FirstDifference(a, b))
		}
		var windows []window.StoredPatient
		for id, p := range whole.patients {
			windows = append(windows, window.StoredPatient{Patient: id, Chunks: p.window.Chunks(nil)})
		}
		held, err := l.store.Load(t.Context(), 0)
		if err != nil {
			rt.Fatal(err)
		}
		if got, want := window.Digest(held.Patients), window.Digest(windows); got != want {
			rt.Fatalf("the store comes to %s, windows that were never released to %s", got, want)
		}
	})
	if read == 0 {
		t.Error("nothing was ever read again: the test shows nothing")
	}
}

// A window that is used without what Wants names says so.
func TestUnheededWantsAreTold(t *testing.T) {
	m := modelMonitor()
	log := ward12(600)
	l := newLean(t, m)
	for i := range log[:300] {
		l.step(t, log[i:i+1], int64(i), nil)
	}
	l.write(t, 299)
	l.restart(t)
	if _, err := m.Step(l.s, log[300], 300, nil); err != nil {
		t.Fatal(err)
	}
	if err := l.s.Lost(); err == nil {
		t.Fatal("a score without its window, and no error")
	}
}
