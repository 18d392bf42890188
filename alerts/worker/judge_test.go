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
	"github.com/vigil-icu/vigil/fusion"
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

// library is a Models of what it holds.
type library []*fusion.Model

func (l library) Model(_ context.Context, hash string) (*fusion.Model, error) {
	for _, m := range l {
		if strings.HasPrefix(m.Hash(), hash) {
			return m, nil
		}
	}
	return nil, nil
}

// A model that a command put into the log serves from its place on, whoever reads the log and
// whatever model the worker was started with: also where the store is lost, and where nobody is
// left in it who would know of the swap.
func TestASwappedModelServesFromItsPlaceOn(t *testing.T) {
	before := &monitor.Monitor{Policy: alerts.DefaultPolicy()}
	after := &monitor.Monitor{Policy: alerts.DefaultPolicy(), Model: fusion.Untrained()}
	use := func(m *monitor.Monitor) *schemas.Record {
		u := m.Use()
		return &schemas.Record{Kind: schemas.KindUse, Use: &u}
	}
	records := history.Make(5, 120, 1, false)
	log := append([]*schemas.Record{use(before)}, records[:60]...)
	log = append(append(log, use(after)), records[60:]...)
	// Long after all of them were forgotten somebody comes.
	newest := schemas.Time(0)
	for _, r := range records {
		newest = max(newest, r.At)
	}
	late := func(hours schemas.Time) *schemas.Record {
		at := newest + hours*schemas.Hour
		heart, _ := schemas.ChannelByName("heart_rate")
		return &schemas.Record{
			Kind: schemas.KindObservations, Patient: "ward:late", Source: "s", Seq: uint64(hours), HasSeq: true, At: at, Available: at,
			TopicIndex: uint8(schemas.RawTopicIndex(schemas.TopicVitals)), Hash: uint64(hours),
			Observations: []schemas.Observation{{Channel: heart, Value: 80, EventTime: at}},
		}
	}
	gone := (schemas.MaxUnheard+3*schemas.Reach)/schemas.Hour + 1
	for hours := schemas.Time(24); hours < gone; hours += 24 {
		log = append(log, &schemas.Record{Kind: schemas.KindTick, At: newest + hours*schemas.Hour})
	}
	log = append(log, late(gone), late(gone+1), late(gone+2))
	brokers := broker(t)

	calm := newWorld(t, brokers, "calm-use-")
	calm.write(t, log)
	calm.models = library{after.Model}
	calm.drain(t, memstore.New())
	want := calm.outputs(t)

	w := newWorld(t, brokers, "cut-use-")
	w.write(t, log[:90])
	if err := w.service(memstore.New()).Own(t.Context(), 0, nil); !errors.Is(err, monitor.ErrUnknownUse) || !strings.Contains(err.Error(), "vigil model use") {
		t.Fatalf("a worker that does not find the model: %v", err)
	}
	w.models = calm.models
	store := memstore.New()
	w.drain(t, store)
	w.drain(t, memstore.New())                                             // lost in mid-stream
	for _, upTo := range []int{len(log) - 3, len(log) - 2, len(log) - 1} { // where one has ended, nobody is left who knew of the swap
		w.write(t, log[w.records:upTo])
		w.drain(t, store)
	}
	if m, _, err := w.cluster.LastThat(t.Context(), schemas.TopicScores, 0, func(m *schemas.Message) bool {
		kind, _ := m.Header(schemas.HeaderType)
		return kind == schemas.TypeScore
	}); err != nil {
		t.Fatal(err)
	} else if from, _ := m.Header(schemas.HeaderRebuild); len(from) < 3 {
		t.Fatalf("a rebuild begins at %s, and is to begin behind the swap", from)
	}
	w.write(t, log[w.records:])
	w.drain(t, memstore.New()) // a rebuild that begins behind the swap
	got := w.outputs(t)
	if !slices.Equal(want, got) {
		t.Fatalf("%d outputs, want %d; first difference (- calm, + cut):\n%s", len(got), len(want), history.FirstDifference(want, got))
	}
	if last := got[len(got)-1]; !strings.Contains(strings.Join(got, "\n"), `"patient":"ward:late"`) {
		t.Fatalf("the last patient has no score: %s", last)
	}
	for _, line := range got {
		if strings.Contains(line, `"patient":"ward:late"`) && !strings.Contains(line, after.Model.Hash()) {
			t.Fatalf("behind the swap it was not judged by the new model: %s", line)
		}
	}
}
