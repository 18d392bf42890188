package evidence

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
	"github.com/vigil-icu/vigil/window/memstore"
)

// ErrNotKnown is wrapped by the error of Take where the log asks for a model or a policy that is not on the shelf.
var ErrNotKnown = errors.New("the log asks for a model, a policy or settings that are not here")

// owner is the one owner of a recreation's store.
const owner = "evidence"

// Recreation makes the outputs of some patients of a partition anew. It belongs to one goroutine.
type Recreation struct {
	shelf    monitor.Shelf
	number   int
	patients []string
	monitor  *monitor.Monitor // nil until the log has said by what it is judged
	state    *monitor.Partition
	store    *memstore.Store // what a switch takes over goes through it; nil before the first
	applied  int64
	record   schemas.Record
	wanted   []window.Place
	outputs  []monitor.Output
}

// New begins a recreation for patients of the partition of a number.
func New(number int, patients []string, shelf monitor.Shelf) *Recreation {
	return &Recreation{shelf: shelf, number: number, patients: patients, state: monitor.NewPartition(), applied: -1}
}

// Take takes the next record of the log and returns what the patients' outputs are that it causes. They hold until
// the next call.
func (r *Recreation) Take(ctx context.Context, m *schemas.Message) ([]monitor.Output, error) {
	if u, tells := intake.Asked(m); tells && r.monitor == nil { // the log's beginning is gone, and each batch says it again
		return nil, r.begin(u)
	}
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeLog {
		return nil, nil
	}
	if err := r.record.Decode(m.Value); err != nil {
		return nil, fmt.Errorf("log record at offset %d cannot be read: %w; a newer version may have written it: run that one", m.Offset, err)
	}
	switch r.record.Kind {
	case schemas.KindUse:
		if err := r.use(ctx, m.Offset); err != nil {
			return nil, fmt.Errorf("at offset %d: %w", m.Offset, err)
		}
	case schemas.KindTick, schemas.KindGap:
	default:
		if !slices.Contains(r.patients, r.record.Patient) {
			return nil, nil
		}
	}
	if r.monitor == nil {
		return nil, fmt.Errorf("at offset %d: the log does not say by what it is judged", m.Offset)
	}
	if r.wanted = r.state.Wants(&r.record, r.wanted[:0]); len(r.wanted) > 0 {
		chunks, err := r.store.Chunks(ctx, r.number, owner, r.wanted)
		if err == nil {
			err = r.state.Give(r.wanted, chunks)
		}
		if err != nil {
			return nil, fmt.Errorf("at offset %d: %w", m.Offset, err)
		}
	}
	var err error
	if r.outputs, err = r.monitor.Step(r.state, &r.record, m.Offset, r.outputs[:0]); err != nil {
		return nil, fmt.Errorf("at offset %d: %w", m.Offset, err)
	}
	return r.outputs, nil
}

// begin takes the monitor that the log asks for.
func (r *Recreation) begin(u schemas.Use) error {
	if r.monitor = r.shelf.Find(u); r.monitor == nil {
		return fmt.Errorf("%w: model %s, policy %s, settings %q: name their files with --known", ErrNotKnown, u.Model, u.Policy, u.Settings)
	}
	return nil
}

// use lets the monitor go on that a record asks for. What is known of the patients goes with it by way of a store,
// as where workers serve.
func (r *Recreation) use(ctx context.Context, offset int64) error {
	u := r.record.Use
	if u == nil || r.monitor != nil && r.monitor.Has(*u) {
		return nil
	}
	was := r.monitor
	if err := r.begin(*u); err != nil || was == nil {
		return err
	}
	if r.store == nil {
		r.store = memstore.New()
		if _, err := r.store.Claim(ctx, r.number, owner); err != nil {
			return err
		}
	}
	batch := &window.Batch{Partition: r.number, Owner: owner, Prev: r.applied, Last: offset, Patients: r.state.Writes(nil)}
	if answer, _, err := r.store.Apply(ctx, batch); err != nil || answer != window.OK {
		return errors.Join(fmt.Errorf("keeping what was known: %s", answer), err)
	}
	r.applied = offset
	stored, err := r.store.Heads(ctx, r.number)
	if err != nil {
		return err
	}
	r.state, err = r.monitor.TakeOver(r.state, stored)
	return err
}

// Difference is where what was made anew is not what was told.
type Difference struct {
	Revision int
	// Fields are those of the body that differ; of a revision that one side lacks Missing says on which.
	Fields  []string
	Missing string
}

func (d *Difference) String() string {
	if d.Missing != "" {
		return fmt.Sprintf("revision %d: %s", d.Revision, d.Missing)
	}
	return fmt.Sprintf("revision %d differs in %s", d.Revision, strings.Join(d.Fields, ", "))
}

// Compare holds the bodies of an alert's revisions, in their order, against what was made anew; nil where they are
// the same bytes.
func Compare(told, made [][]byte) *Difference {
	for i := range max(len(told), len(made)) {
		switch {
		case i >= len(made):
			return &Difference{Revision: i, Missing: "it was told and the log does not give it"}
		case i >= len(told):
			return &Difference{Revision: i, Missing: "the log gives it and it was not told"}
		case !bytes.Equal(told[i], made[i]):
			return &Difference{Revision: i, Fields: fields(told[i], made[i])}
		}
	}
	return nil
}

// fields are the names of the fields in which two bodies differ.
func fields(a, b []byte) (names []string) {
	var x, y map[string]json.RawMessage
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return []string{"its form"}
	}
	for name := range x {
		if !bytes.Equal(x[name], y[name]) {
			names = append(names, name)
		}
	}
	for name := range y {
		if _, ok := x[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	if len(names) == 0 {
		return []string{"the order or the writing of its fields"}
	}
	return names
}
