package redisstore_test

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/redis/go-redis/v9"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// cluster is a Redis Cluster of two servers, of which the first has all slots.
type cluster struct {
	t     testing.TB
	nodes [2]*redis.Client
	ids   [2]string
	slot  int64 // of the keys of partition 0
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{t: t}
	for i := range c.nodes {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		bus := l.Addr().(*net.TCPAddr).Port
		l.Close()
		server := storetest.StartRedis(t, t.TempDir(), "--save", "", "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(bus))
		c.nodes[i] = connect(t, server.Addr)
		c.ids[i] = c.do(i, "cluster", "myid").(string)
		if i == 0 {
			c.do(0, "cluster", "addslotsrange", 0, 16383)
			continue
		}
		host, port, _ := strings.Cut(server.Addr, ":")
		c.do(0, "cluster", "meet", host, port, bus)
	}
	c.slot = c.do(0, "cluster", "keyslot", "{k0}").(int64)
	for i := range c.nodes {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if info := c.do(i, "cluster", "info").(string); strings.Contains(info, "cluster_state:ok") && strings.Contains(info, "cluster_known_nodes:2") {
				break
			}
			if time.Now().After(deadline) {
				t.Fatal("the servers do not become a cluster")
			}
		}
	}
	return c
}

func (c *cluster) do(node int, args ...any) any {
	c.t.Helper()
	r, err := c.nodes[node].Do(c.t.Context(), args...).Result()
	if err != nil {
		c.t.Fatal(args, err)
	}
	return r
}

// store is one on the cluster.
func (c *cluster) store() *redisstore.Store {
	client := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs: []string{c.nodes[0].Options().Addr}, MaxRetries: -1, MaxRedirects: 1, MinRetryBackoff: -1, MaxRetryBackoff: -1,
	})
	c.t.Cleanup(func() { client.Close() })
	s, err := redisstore.New(client, "")
	if err != nil {
		c.t.Fatal(err)
	}
	return s
}

// move begins to move the slot to the second server, which some keys have reached.
func (c *cluster) move(keys ...string) {
	c.t.Helper()
	c.do(1, "cluster", "setslot", c.slot, "importing", c.ids[0])
	c.do(0, "cluster", "setslot", c.slot, "migrating", c.ids[1])
	host, port, _ := strings.Cut(c.nodes[1].Options().Addr, ":")
	for _, key := range keys {
		c.do(0, "migrate", host, port, key, 0, 5000)
	}
}

// contents are those of both servers, after which the slot and all keys are the first one's.
func (c *cluster) contents() contents {
	c.t.Helper()
	c.do(0, "cluster", "setslot", c.slot, "stable")
	host, port, _ := strings.Cut(c.nodes[0].Options().Addr, ":")
	for _, key := range c.nodes[1].Keys(c.t.Context(), "*").Val() {
		if c.nodes[0].Exists(c.t.Context(), key).Val() == 1 {
			c.t.Fatalf("%s is on both servers", key)
		}
		c.do(1, "migrate", host, port, key, 0, 5000)
	}
	c.do(1, "cluster", "setslot", c.slot, "stable")
	return read(c.t, c.nodes[0], "")
}

// While a slot moves, whichever keys have, every call is done whole or not at all, and then
// says that it may be made again. Once all keys are together it can be.
func TestSlotMoves(t *testing.T) {
	c := newCluster(t)
	s := c.store()
	batches := threeBatches()
	const member = "\x00\x00\x00\x00\x00\x00\x00\x09\x00\x00\x00\x00of a batch that was never applied"
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"claim": func() error { _, err := s.Claim(ctx, 0, "next"); return err },
		"apply": func() error {
			_, _, err := s.Apply(ctx, &window.Batch{Owner: "o", Prev: 5, Last: 6, Outbox: []window.OutboxEntry{{Position: window.Position{Offset: 6}, Topic: "t", Value: []byte("v")}},
				Published: window.Position{Offset: 5, Index: 1}, Patients: []window.PatientWrite{{Patient: "a"}}})
			return err
		},
		"apply no output": func() error {
			_, _, err := s.Apply(ctx, &window.Batch{Owner: "o", Prev: 5, Last: 6, Published: window.Position{Offset: 5, Index: 1}, Patients: []window.PatientWrite{
				{Patient: "a", State: []byte("s"), Chunks: []window.ChunkWrite{{Hour: 4, Pos: 12, Bytes: []byte("twelve bytes")}}, Deletes: []int64{2}, Lens: lens(3, 24, 4, 24)}, {Patient: "c"},
			}})
			return err
		},
		"published": func() error { return s.Published(ctx, 0, "o", window.Position{Offset: 5}) },
		"reset":     func() error { return s.Reset(ctx, 0, "o") },
	} {
		t.Run(name, func(t *testing.T) {
			fill := func() (before contents) {
				c.do(0, "flushall")
				claim(t, s, "o")
				apply(t, s, batches[0], window.OK)
				apply(t, s, batches[1], window.OK)
				if name != "published" { // a torn store may hold it
					c.do(0, "zadd", "{k0}:out", 0, member)
				}
				return read(t, c.nodes[0], "")
			}
			before := fill()
			if err := call(); err != nil {
				t.Fatal(err)
			}
			done := read(t, c.nodes[0], "")
			keys := make([]string, 0, len(before))
			for key := range before {
				keys = append(keys, key)
			}
			slices.Sort(keys)
			n := [2]int{}
			for mask := range 1 << len(keys) {
				fill()
				var moved []string
				for i, key := range keys {
					if mask>>i&1 == 1 {
						moved = append(moved, key)
					}
				}
				c.move(moved...)
				err := call()
				want := done
				if err != nil {
					want = before
					n[1]++
				} else {
					n[0]++
				}
				if err != nil && !errors.Is(err, window.ErrUnavailable) {
					t.Errorf("%v moved: %v, want ErrUnavailable", moved, err)
				}
				if diff := cmp.Diff(want, c.contents()); diff != "" {
					t.Fatalf("%v moved: the call says %v and leaves (-want, +got)\n%s", moved, err, diff)
				}
				if err == nil {
					continue
				}
				if err := call(); err != nil {
					t.Errorf("together again: %v", err)
				} else if diff := cmp.Diff(done, read(t, c.nodes[0], "")); diff != "" {
					t.Errorf("together again: %s", diff)
				}
			}
			if n[0] == 0 {
				t.Error("no call was done")
			}
			t.Logf("of %d keys: %d calls done, %d refused", len(keys), n[0], n[1])
		})
	}
}

// The store's suite on a cluster.
func TestCluster(t *testing.T) {
	c := newCluster(t)
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		client := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{c.nodes[0].Options().Addr}, MaxRetries: -1})
		t.Cleanup(func() { client.Close() })
		prefix := t.Name() + "/"
		store, err := redisstore.New(client, prefix)
		if err != nil {
			t.Fatal(err)
		}
		return storetest.Subject{Store: store, Save: func() func() {
			then := read(t, c.nodes[0], prefix)
			return func() { write(t, c.nodes[0], prefix, then) }
		}}
	})
}
