package worker

import (
	"errors"
	"strings"
	"testing"

	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/window/memstore"
)

// A store that follows one log is refused by an owner of another, before it takes or changes
// anything, and goes on with its own.
func TestStoreOfAnotherLog(t *testing.T) {
	records := history.Make(1, 200, 4, false)
	store := memstore.New()
	one, other := newWorld(t, broker(t), "one."), newWorld(t, broker(t), "other.")
	one.write(t, records)
	one.drain(t, store)
	before, err := store.Load(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	other.write(t, records)
	err = other.service(store).Own(t.Context(), 0, nil)
	if !errors.Is(err, ErrOtherLog) || !strings.Contains(err.Error(), "--redis") {
		t.Errorf("another log: %v", err)
	}
	if n := len(other.outputs(t)); n != 0 {
		t.Errorf("another log: %d outputs", n)
	}
	after, err := store.Load(t.Context(), 0)
	if err != nil || after.Applied != before.Applied || len(after.Patients) != len(before.Patients) {
		t.Errorf("the store stands at %d with %d patients, %v, before at %d with %d", after.Applied, len(after.Patients), err, before.Applied, len(before.Patients))
	}
	one.write(t, records[:1])
	one.drain(t, store)
}
