package redisstore_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// A closed hour takes a quarter of what its records take, or less, and comes back bit for bit. What a store of the layout
// before holds is read, and from then on is of this layout.
func TestClosedHoursTakeLittle(t *testing.T) {
	addr := miniredis.RunT(t).Addr()
	raw, s := connect(t, addr), open(t, addr)
	claim(t, s, "o")
	w, at := window.New(), 480_000*schemas.Hour
	for minute := range schemas.Time(120) {
		for ch := range schemas.Channel(20) {
			w.Add(schemas.Observation{Channel: ch, EventTime: at + minute*schemas.Minute + schemas.Time(ch)*schemas.Time(minute%7)*100, Value: float32(600+int(ch)*int(minute)%90) / 10}, uint32(minute+1))
		}
	}
	write := func(prev int64) {
		p := window.PatientWrite{Patient: "a", State: []byte("state")}
		w.TakeWrites(&p)
		apply(t, s, &window.Batch{Owner: "o", Prev: prev, Last: prev + 1, Patients: []window.PatientWrite{p}}, window.OK)
	}
	write(-1)
	open, want := raw.StrLen(t.Context(), "{k0}:w:a:480000").Val(), load(t, s)
	raw.HSet(t.Context(), "{k0}:m", "v", "2")
	claim(t, s, "o")
	w.Advance(at + 4*schemas.Hour)
	write(0)
	closed, got := raw.StrLen(t.Context(), "{k0}:w:a:480000").Val(), load(t, s)
	if diff := cmp.Diff(want.Patients, got.Patients); diff != "" {
		t.Errorf("the closed hours read otherwise: %s", diff)
	}
	if v := raw.HGet(t.Context(), "{k0}:m", "v").Val(); v != "3" {
		t.Errorf("the layout is %q after a claim, want 3", v)
	}
	t.Logf("an hour of 1,200 observations: open %.2f, closed %.2f bytes each", float64(open)/1200, float64(closed)/1200)
	if open != 1200*window.RecordSize || 4*closed > open {
		t.Errorf("an hour takes %d bytes open and %d closed, want %d and at most a quarter", open, closed, 1200*window.RecordSize)
	}
}

func TestMiniredis(t *testing.T) { suite(t, miniredis.RunT(t).Addr()) }

func TestRealRedis(t *testing.T) { suite(t, storetest.Redis(t)) }

// suite runs every case under a prefix of its own in one server: they must not
// see each other.
func suite(t *testing.T, addr string) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		prefix := t.Name() + "/"
		store, err := redisstore.Open("redis://"+addr, prefix)
		if err != nil {
			t.Fatal(err)
		}
		if err := store.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		raw := connect(t, addr)
		return storetest.Subject{Store: store, Save: func() func() {
			then := read(t, raw, prefix)
			return func() { write(t, raw, prefix, then) }
		}, LoseOutbox: func(partition int) {
			if err := raw.Del(t.Context(), fmt.Sprintf("%s{k%d}:out", prefix, partition)).Err(); err != nil {
				t.Fatal(err)
			}
		}}
	})
}

func connect(t testing.TB, addr string) *redis.Client {
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1})
	t.Cleanup(func() { c.Close() })
	return c
}

// contents are the keys of a store without their prefix: strings as string,
// hashes as map, sorted sets as slice.
type contents map[string]any

func read(t testing.TB, c *redis.Client, prefix string) contents {
	t.Helper()
	ctx := context.Background()
	all := contents{}
	keys, err := c.Keys(ctx, "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys {
		name, ok := strings.CutPrefix(key, prefix)
		if !ok {
			continue
		}
		var v any
		var err error
		switch kind := c.Type(ctx, key).Val(); kind {
		case "string":
			v, err = c.Get(ctx, key).Result()
		case "hash":
			v, err = c.HGetAll(ctx, key).Result()
		case "zset":
			v, err = c.ZRange(ctx, key, 0, -1).Result()
		default:
			t.Fatalf("key %q is a %s", key, kind)
		}
		if err != nil {
			t.Fatal(err)
		}
		all[name] = v
	}
	return all
}

func write(t testing.TB, c *redis.Client, prefix string, all contents) {
	t.Helper()
	ctx := context.Background()
	p := c.Pipeline()
	for name := range read(t, c, prefix) {
		p.Del(ctx, prefix+name)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch v := all[name].(type) {
		case string:
			p.Set(ctx, prefix+name, v, 0)
		case map[string]string:
			p.HSet(ctx, prefix+name, v)
		case []string:
			for _, m := range v {
				p.ZAdd(ctx, prefix+name, redis.Z{Member: m})
			}
		}
	}
	if _, err := p.Exec(ctx); err != nil && err != redis.Nil {
		t.Fatal(err)
	}
}

// A model is found by its hash and by the beginning of that, whole or not at all.
func TestModelsAreFoundByTheirHash(t *testing.T) {
	server := miniredis.RunT(t)
	store, err := redisstore.Open("redis://"+server.Addr(), "p.")
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	hash, err := store.PutModel(t.Context(), []byte("weights"))
	if err != nil {
		t.Fatal(err)
	}
	for _, by := range []string{hash, hash[:16], hash[:40]} {
		if got, err := store.Model(t.Context(), by); err != nil || string(got) != "weights" {
			t.Errorf("by %s: %q, %v", by, got, err)
		}
	}
	other := strings.Repeat("0", 64)
	if got, err := store.Model(t.Context(), other); err != nil || got != nil {
		t.Errorf("one that is not there: %q, %v", got, err)
	}
	if _, err := store.Model(t.Context(), hash[:16]+other[16:]); !errors.Is(err, window.ErrTorn) {
		t.Errorf("one with another hash: %v", err)
	}
	server.Set("p.model:"+hash[:16], "torn")
	if _, err := store.Model(t.Context(), hash); !errors.Is(err, window.ErrTorn) {
		t.Errorf("torn bytes: %v", err)
	}
}
