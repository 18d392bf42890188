package worker

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/memstore"
)

// damaged is a store whose chunks are not what they must be, until it is reset.
type damaged struct {
	*memstore.Store
	damage func(chunks [][]byte) ([][]byte, error) // nil: none
	resets int
}

func (d *damaged) Chunks(ctx context.Context, number int, owner string, places []window.Place) ([][]byte, error) {
	chunks, err := d.Store.Chunks(ctx, number, owner, places)
	if d.damage != nil && err == nil && len(chunks) > 0 {
		return d.damage(chunks)
	}
	return chunks, err
}

func (d *damaged) Reset(ctx context.Context, number int, owner string) error {
	d.damage = nil
	d.resets++
	return d.Store.Reset(ctx, number, owner)
}

// Chunks that are short or make no sense are found when they are read, and the
// partition is rebuilt from the log: outputs and windows are those of a calm run.
func TestDamagedChunksAreRebuilt(t *testing.T) {
	brokers := broker(t)
	log := history.Make(9, 300, 3, false)
	half := len(log) / 2
	run := func(prefix string, store *damaged, damage func([][]byte) ([][]byte, error)) (outputs []string, digest string) {
		w := newWorld(t, brokers, prefix)
		w.write(t, log[:half])
		w.drain(t, store)
		store.damage = damage
		w.write(t, log[half:])
		w.drain(t, store)
		held, err := store.Load(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		return w.outputs(t), window.Digest(held.Patients)
	}
	want, wantDigest := run("whole-", &damaged{Store: memstore.New()}, nil)
	for name, damage := range map[string]func([][]byte) ([][]byte, error){
		"torn": func([][]byte) ([][]byte, error) { return nil, fmt.Errorf("a chunk is short: %w", window.ErrTorn) },
		"overwritten": func(chunks [][]byte) ([][]byte, error) {
			chunks[0][1] = 0xff // flags that no record has
			return chunks, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := &damaged{Store: memstore.New()}
			got, digest := run(name+"-", store, damage)
			if store.resets != 1 {
				t.Fatalf("%d resets, want one", store.resets)
			}
			if !slices.Equal(got, want) {
				t.Errorf("(- calm, + damaged):\n%s", history.FirstDifference(want, got))
			}
			if digest != wantDigest {
				t.Errorf("windows come to %s, those of a calm run to %s", digest, wantDigest)
			}
		})
	}
}
