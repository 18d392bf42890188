package worker

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/window/memstore"
	"github.com/vigil-icu/vigil/window/redisstore"
	"github.com/vigil-icu/vigil/window/storetest"
)

// A server that is full takes the key of the outbox alone, while a worker dies between its write
// and its publishing: nothing of what was to be published is lost.
func TestAnOutboxThatWasEvictedIsMadeAgain(t *testing.T) {
	brokers := broker(t)
	log := history.Make(5, 200, 3, false)
	calm := newWorld(t, brokers, "calm-")
	calm.write(t, log[:120])
	calm.write(t, log[120:])
	calm.drain(t, memstore.New())
	want := calm.outputs(t)

	server := redis.NewClient(&redis.Options{Addr: storetest.Redis(t)})
	t.Cleanup(func() { server.Close() })
	store, err := redisstore.Open("redis://"+server.Options().Addr, "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	w := newWorld(t, brokers, "evicted-")
	lost := 0
	for _, part := range [][2]int{{0, 120}, {120, len(log)}} {
		w.write(t, log[part[0]:part[1]])
		for _, applies := range []int{1, 3} { // it dies behind this write
			s := w.service(store)
			s.Batch = 20
			s.cut = func(point string) error {
				if point == "applied" {
					if applies--; applies == 0 {
						return errCrash
					}
				}
				return nil
			}
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			if err := s.Own(ctx, 0, nil); !errors.Is(err, errCrash) {
				t.Fatal(err)
			}
			cancel()
			n, err := server.Del(t.Context(), "{k0}:out").Result()
			if err != nil {
				t.Fatal(err)
			}
			lost += int(n)
		}
	}
	w.drain(t, store)
	if got := w.outputs(t); !slices.Equal(want, got) {
		t.Fatalf("%d outputs, want %d; first difference (- calm, + evicted):\n%s", len(got), len(want), history.FirstDifference(want, got))
	}
	if lost < 3 {
		t.Fatalf("%d outboxes were lost: the test tests too little", lost)
	}
}
