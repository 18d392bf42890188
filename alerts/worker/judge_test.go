package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
)

// A switch of policy and settings happens at its place in the log: in front of it all is judged
// by what was asked for before, whoever reads it and however often, behind it by the new.
func TestASwitchIsAtOnePlaceOfTheLog(t *testing.T) {
	policy, err := alerts.ParsePolicy(append(alerts.DefaultPolicyYAML(), "# changed\n"...))
	if err != nil {
		t.Fatal(err)
	}
	before := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	after := &monitor.Monitor{Policy: policy, Settings: monitor.Settings{ScoreInterval: 5 * schemas.Minute}}
	use := func(m *monitor.Monitor) *schemas.Record {
		u := m.Use()
		return &schemas.Record{Kind: schemas.KindUse, Use: &u}
	}
	records := history.Make(3, 400, 4, false)
	log := append([]*schemas.Record{use(before)}, records[:200]...)
	log = append(append(log, use(after)), records[200:]...)
	brokers := broker(t)

	// One process that knows both, from an empty store.
	alone := newWorld(t, brokers, "alone-")
	alone.write(t, log)
	alone.monitor, alone.shelf = after, monitor.Shelf{Policies: []*alerts.Policy{before.Policy}}
	alone.drain(t, memstore.New())
	want := alone.outputs(t)
	counts := map[string]int{}
	for _, line := range want {
		for _, hash := range []string{before.Policy.Hash(), policy.Hash()} {
			if strings.Contains(line, hash) {
				counts[hash]++
			}
		}
	}
	if counts[before.Policy.Hash()] < 50 || counts[policy.Hash()] < 50 || counts[before.Policy.Hash()]+counts[policy.Hash()] < len(want) {
		t.Fatalf("of %d outputs %v name the policies", len(want), counts)
	}

	// The old one goes as far as the switch, the new one takes over; the store is lost once more.
	w := newWorld(t, brokers, "over-")
	store := memstore.New()
	w.write(t, log[:150])
	w.monitor = before
	w.drain(t, store)
	w.write(t, log[150:])
	if err := w.service(store).Own(t.Context(), 0, nil); !errors.Is(err, monitor.ErrUnknownUse) {
		t.Fatalf("a worker that only has the policy of before: %v", err)
	}
	w.monitor, w.shelf = after, alone.shelf
	w.drain(t, store)
	w.drain(t, memstore.New())
	if got := w.outputs(t); !slices.Equal(want, got) {
		t.Fatalf("%d outputs, want %d; first difference (- one process, + taken over):\n%s", len(got), len(want), history.FirstDifference(want, got))
	}

	// Without the policy of before, what stands in front of the switch cannot be judged.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	blank := newWorld(t, brokers, "blank-")
	blank.write(t, log)
	blank.monitor = after
	if err := blank.service(memstore.New()).Own(ctx, 0, nil); !errors.Is(err, monitor.ErrUnknownUse) {
		t.Fatalf("a rebuild without the policy of before: %v", err)
	}
}
