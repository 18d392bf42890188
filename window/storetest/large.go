package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// hour0 is where the suite's invented observations begin.
const hour0 = schemas.Time(1_700_000_000_000/3_600_000) * schemas.Hour

// unit plays the monitor: it has patients with windows, and makes the batches that change
// them. A seed gives the same batches each time.
type unit struct {
	random   *rand.Rand
	names    []string
	windows  map[string]*window.Window
	logN     uint32
	applied  int64
	clock    schemas.Time
	perBatch int // how many observations a batch brings
}

// newUnit is a unit whose patients have nothing yet.
func newUnit(seed uint64, patients, perBatch int) *unit {
	u := &unit{random: rand.New(rand.NewPCG(seed, 1)), windows: map[string]*window.Window{}, applied: -1, clock: hour0, perBatch: perBatch}
	for i := range patients {
		name := fmt.Sprintf("unit:%03d", i)
		u.names = append(u.names, name)
		u.windows[name] = window.New()
	}
	return u
}

// next makes the batch that follows, a few minutes on, of which two in five observations are
// corrections or retractions.
func (u *unit) next(owner string, partition int) *window.Batch {
	b := &window.Batch{Partition: partition, Owner: owner, Prev: u.applied, Last: u.applied + 1 + u.random.Int64N(5)}
	u.clock += 7 * schemas.Minute
	u.logN++
	for i := range u.perBatch {
		w := u.windows[u.names[i%len(u.names)]]
		w.Add(schemas.Observation{
			Channel:   schemas.Channel(u.random.IntN(20)),
			Flags:     []schemas.Flag{0, 0, 0, schemas.Corrected, schemas.Retracted}[u.random.IntN(5)],
			EventTime: u.clock - schemas.Time(u.random.Int64N(int64(2*schemas.Hour))),
			Value:     float32(u.random.IntN(500)) / 4,
		}, u.logN)
	}
	for _, name := range u.names {
		w := u.windows[name]
		w.Advance(u.clock)
		w.Trim(u.clock - 5*schemas.Hour)
		p := window.PatientWrite{Patient: name, State: fmt.Appendf(nil, "%s at %d", name, b.Last)}
		w.TakeWrites(&p)
		b.Patients = append(b.Patients, p)
	}
	for o := b.Prev + 1; o <= b.Last; o++ {
		b.Outbox = append(b.Outbox, output(o, 0), output(o, 1))
	}
	u.applied = b.Last
	return b
}

// reload makes the windows from what the store holds, as a new owner does.
func (u *unit) reload(c *check, p *window.StoredPartition) {
	c.Helper()
	u.windows = map[string]*window.Window{}
	for _, s := range p.Patients {
		w, err := window.Load(s.Chunks)
		if err != nil {
			c.Fatal(err)
		}
		u.windows[s.Patient] = w
	}
	u.applied = p.Applied
}

// largeBatch applies 500 observations over 62 chunks, the batch with which the layout of
// redisstore was measured.
func largeBatch(c *check) {
	c.claim(0, "a", -1)
	b := &window.Batch{Owner: "a", Prev: -1, Last: 499}
	for i := range 31 {
		w, p := window.New(), window.PatientWrite{Patient: fmt.Sprint("x:", i), State: []byte("s")}
		n := 16
		if i < 4 {
			n = 17
		}
		for k := range n {
			w.Add(schemas.Observation{Channel: schemas.Channel(k), EventTime: hour0 + schemas.Time(k%2)*schemas.Hour, Value: float32(i)}, 1)
		}
		w.TakeWrites(&p)
		b.Patients = append(b.Patients, p)
	}
	c.apply(b, window.OK, 499)
	want := newExpected(0)
	want.apply(b)
	c.holds(&want.StoredPartition)
}

// manyOfEverything applies more patients, chunks, outputs and deletions than one call of a
// script's unpack can take.
func manyOfEverything(c *check) {
	c.claim(0, "a", -1)
	b := &window.Batch{Owner: "a", Prev: -1, Last: 1}
	for i := range 900 {
		b.Patients = append(b.Patients, window.PatientWrite{
			Patient: fmt.Sprintf("x:%05d", i), State: []byte("s"),
			Chunks: []window.ChunkWrite{{Hour: 1, Bytes: []byte("abc")}, {Hour: 2, Bytes: []byte("d")}},
			Lens:   []window.ChunkLen{{Hour: 1, Len: 3}, {Hour: 2, Len: 1}},
		})
	}
	for i := range 4100 {
		b.Outbox = append(b.Outbox, output(1, i))
	}
	c.apply(b, window.OK, 1)
	want := newExpected(0)
	want.apply(b)
	c.holds(&want.StoredPartition)
	b = &window.Batch{Owner: "a", Prev: 1, Last: 2}
	for i := range 900 {
		p := window.PatientWrite{Patient: fmt.Sprintf("x:%05d", i)}
		if i%5 != 0 {
			p.State, p.Deletes, p.Lens = []byte("t"), []int64{1}, []window.ChunkLen{{Hour: 2, Len: 1}}
		}
		b.Patients = append(b.Patients, p)
	}
	c.apply(b, window.OK, 2)
	want.apply(b)
	c.holds(&want.StoredPartition)
	if err := c.Store.Reset(c.ctx, 0, "a"); err != nil {
		c.Fatal(err)
	}
	c.holds(&window.StoredPartition{Applied: -1})
}

// mistakes shows that a batch which the program has made wrongly is an error that invites no
// retry, and that nothing of it is applied.
func mistakes(c *check) {
	c.claim(0, "a", -1)
	good := func() *window.Batch { return batch("a", -1, 1, "x:1", 0, 12) }
	for name, spoil := range map[string]func(*window.Batch){
		"no owner":              func(b *window.Batch) { b.Owner = "" },
		"negative partition":    func(b *window.Batch) { b.Partition = -1 },
		"no offsets":            func(b *window.Batch) { b.Last = b.Prev },
		"offset beyond float64": func(b *window.Batch) { b.Last = window.MaxOffset },
		"output beyond it":      func(b *window.Batch) { b.Outbox[0].Offset = 2 },
		"output before it":      func(b *window.Batch) { b.Outbox[0].Offset = -1 },
		"output twice":          func(b *window.Batch) { b.Outbox = append(b.Outbox, b.Outbox[0]) },
		"patient twice":         func(b *window.Batch) { b.Patients = append(b.Patients, b.Patients[0]) },
		"patient without name":  func(b *window.Batch) { b.Patients[0].Patient = "" },
		"no lengths":            func(b *window.Batch) { b.Patients[0].Lens, b.Patients[0].Chunks = nil, nil },
		"other length":          func(b *window.Batch) { b.Patients[0].Lens[0].Len++ },
		"negative position":     func(b *window.Batch) { b.Patients[0].Chunks[0].Pos = -1 },
		"deleted and there":     func(b *window.Batch) { b.Patients[0].Deletes = []int64{7} },
		"gone and written":      func(b *window.Batch) { b.Patients[0].State = nil },
		"hour beyond int32":     func(b *window.Batch) { b.Patients[0].Lens[0].Hour = 1 << 31 },
	} {
		b := good()
		spoil(b)
		if answer, _, err := c.Store.Apply(c.ctx, b); err == nil {
			c.Errorf("%s: %v, want an error", name, answer)
		} else if errors.Is(err, window.ErrUnavailable) {
			c.Errorf("%s: %v, which invites a retry", name, err)
		}
	}
	if _, err := c.Store.Claim(c.ctx, 0, ""); err == nil {
		c.Error("a claim without owner: no error")
	}
	c.holds(&window.StoredPartition{Applied: -1})
}

// windowsComeBack shows that the bytes in the store are the windows: a worker that loads them
// goes on as the one that wrote them would have.
func windowsComeBack(c *check) {
	calm := newUnit(7, 5, 40)
	c.claim(0, "calm", -1)
	for range 60 {
		c.apply(calm.next("calm", 0), window.OK, calm.applied)
	}
	crashing := newUnit(7, 5, 40)
	c.claim(1, "crashing", -1)
	for i := range 60 {
		c.apply(crashing.next("crashing", 1), window.OK, crashing.applied)
		if i%7 == 3 {
			crashing.reload(c, c.load(1))
		}
	}
	if c.digest(0) != c.digest(1) {
		c.Fatal("windows after crashes are not those of a calm run")
	}
	for _, p := range c.load(0).Patients {
		w, err := window.Load(p.Chunks)
		if err != nil {
			c.Fatal(err)
		}
		if live := calm.windows[p.Patient]; live.Len() != w.Len() || w.Len() == 0 {
			c.Fatalf("%s: %d records stored, %d in the window", p.Patient, w.Len(), live.Len())
		}
	}
}

// history draws batches, retries, claims, roll-backs and publishing from a seed, and holds the
// store after each against the suite's own idea of what must be there.
func history(c *check) {
	seeds := uint64(3)
	if testing.Short() {
		seeds = 1
	}
	for seed := range seeds {
		partition := int(seed)
		u, want := newUnit(seed, 4, 12), newExpected(partition)
		owner := "o"
		c.claim(partition, owner, -1)
		var saved func()
		var wantThen window.StoredPartition
		for range 40 {
			switch u.random.IntN(8) {
			case 0: // another owner claims the partition and goes on from what is stored
				owner += "x"
				c.claim(partition, owner, want.Applied)
				u.reload(c, c.load(partition))
				if want.Applied == -1 {
					fresh := newUnit(seed, 4, 12)
					u.windows = fresh.windows
				}
			case 1: // a part of the outbox is published
				if len(want.Outbox) > 0 {
					upTo := want.Outbox[u.random.IntN(len(want.Outbox))].Position
					if err := c.Store.Published(c.ctx, partition, owner, upTo); err != nil {
						c.Fatal(err)
					}
					want.published(upTo)
				}
			case 2: // the store is saved, to be rolled back to later
				saved, wantThen = c.Save(), *c.load(partition)
			case 3: // it is rolled back, and the owner claims it again and goes on from there
				if saved != nil {
					saved()
					saved = nil
					want.StoredPartition = wantThen
					c.claim(partition, owner, want.Applied)
					u.reload(c, c.load(partition))
					if want.Applied == -1 {
						u.windows = newUnit(seed, 4, 12).windows
					}
				}
			default: // a batch follows, sometimes sent again as if its answer were lost
				b := u.next(owner, partition)
				c.apply(b, window.OK, b.Last)
				want.apply(b)
				if u.random.IntN(3) == 0 {
					c.apply(b, window.Already, b.Last)
				}
			}
			c.holds(&want.StoredPartition)
		}
		if len(want.Patients) == 0 {
			c.Fatalf("seed %d: nothing was applied", seed)
		}
	}
}
