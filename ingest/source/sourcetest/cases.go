package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// rowsAddUp wants every row in one class.
func rowsAddUp(c *sourceCheck) error {
	r, err := c.first()
	if err != nil {
		return err
	}
	return checkRows(r.rows)
}

// placed is a problem that says where it is: "CHARTEVENTS.csv.gz line 17: ...".
var placed = regexp.MustCompile(`^\S.* line [1-9]\d*: \S`)

// checkRows holds the counts of a reading against each other.
func checkRows(n source.RowCount) error {
	if n.Read != n.Used+n.Unmapped+n.Duplicate+n.Rejected {
		return fmt.Errorf("%d rows are read, but %d used + %d unmapped + %d duplicate + %d rejected are %d",
			n.Read, n.Used, n.Unmapped, n.Duplicate, n.Rejected, n.Used+n.Unmapped+n.Duplicate+n.Rejected)
	}
	if n.Used <= 0 || min(n.Unmapped, n.Duplicate, n.Rejected, n.RecordedTimes, n.ModelledTimes) < 0 {
		return fmt.Errorf("counts cannot be so: %+v", n)
	}
	rejected := 0
	for reason, k := range n.RejectedBy {
		if reason == "" || k <= 0 {
			return fmt.Errorf("%d rows are rejected for the reason %q", k, reason)
		}
		rejected += k
	}
	if rejected != n.Rejected {
		return fmt.Errorf("%d rows are rejected, but the reasons %v sum up to %d", n.Rejected, n.RejectedBy, rejected)
	}
	unmapped := 0
	for i, code := range n.UnmappedCodes {
		if i > 0 && code.Count > n.UnmappedCodes[i-1].Count {
			return fmt.Errorf("unmapped code %s with %d rows stands behind one with %d", code.Code, code.Count, n.UnmappedCodes[i-1].Count)
		}
		unmapped += code.Count
	}
	if unmapped > n.Unmapped || n.Unmapped > 0 && unmapped == 0 {
		return fmt.Errorf("%d rows are unmapped, but the codes named have %d", n.Unmapped, unmapped)
	}
	if n.RecordedTimes+n.ModelledTimes > n.Used {
		return fmt.Errorf("%d rows are used, but %d have a recorded and %d a modelled time", n.Used, n.RecordedTimes, n.ModelledTimes)
	}
	if n.RejectedBy[schemas.Unreadable] > 0 && len(n.Problems) == 0 {
		return errors.New("rows are unreadable, but no problem says which")
	}
	for _, problem := range n.Problems {
		if !placed.MatchString(problem) {
			return fmt.Errorf("the problem %q does not begin with file and line", problem)
		}
	}
	return nil
}

// patientsAreWhole wants what a plan and intake take for granted of patients, stays and events.
func patientsAreWhole(c *sourceCheck) error {
	s, err := c.Open()
	if err != nil {
		return err
	}
	if name := s.Name(); name == "" || name != strings.ToLower(name) {
		return fmt.Errorf("the source is called %q: want a name in lower case", name)
	}
	r, err := read(c.ctx, s, func(p *source.Patient) error {
		if domain, id, ok := strings.Cut(p.ID, ":"); !ok || domain == "" || id == "" || strings.Contains(domain, "/") {
			return errors.New("the id is not domain:id")
		}
		if err := checkStays(p.Stays); err != nil {
			return err
		}
		return checkEvents(s.Name(), p)
	})
	if err != nil {
		return err
	}
	if r.hash == "" || strings.Trim(r.hash, "0123456789abcdef") != "" {
		return fmt.Errorf("the hash is %q: want hex digits in lower case", r.hash)
	}
	return nil
}

// checkStays wants stays that a plan can play one after the other.
func checkStays(stays []source.Stay) error {
	if len(stays) == 0 {
		return errors.New("there is no stay")
	}
	for i, s := range stays {
		switch {
		case s.ID == "" || s.Admit == 0:
			return fmt.Errorf("stay %d is %+v: want an id and an admission", i, s)
		case s.End == 0 && i < len(stays)-1:
			return fmt.Errorf("stay %s is open, and is not the last", s.ID)
		case s.End != 0 && s.End < s.Admit:
			return fmt.Errorf("stay %s ends at %v, before it begins at %v", s.ID, s.End, s.Admit)
		case i > 0 && s.Admit < stays[i-1].End:
			return fmt.Errorf("stay %s begins at %v, before stay %s ends at %v", s.ID, s.Admit, stays[i-1].ID, stays[i-1].End)
		}
	}
	return nil
}

// tried is how many events of a patient are encoded and decoded: enough to see every kind
// of event of a patient's first hours, few enough for a large data set.
const tried = 300

// checkEvents wants events in order, and the first of them such that intake takes them: sent and
// decoded, they are no dead letters.
func checkEvents(name string, p *source.Patient) error {
	stays := map[string]bool{"": true}
	for _, s := range p.Stays {
		stays[s.ID] = true
	}
	for i := range p.Events {
		e := &p.Events[i]
		switch {
		case e.AvailableTime == 0:
			return fmt.Errorf("event %d has no available time", i)
		case i > 0 && e.AvailableTime < p.Events[i-1].AvailableTime:
			return fmt.Errorf("event %d is available at %v, before the one ahead of it at %v", i, e.AvailableTime, p.Events[i-1].AvailableTime)
		case schemas.RawTopicIndex(e.Topic) < 0 || e.Head() == nil:
			return fmt.Errorf("event %d on %q has no raw topic or no body", i, e.Topic)
		case e.Patient != "" || e.Source != "" || e.HasSeq || e.Run != "" || e.Play != 0:
			return fmt.Errorf("event %d fills in patient, source, sequence or run, which are the plan's", i)
		case e.ADT != nil && !stays[e.ADT.Stay]:
			return fmt.Errorf("event %d moves the patient in stay %q, which is none of theirs", i, e.ADT.Stay)
		}
		if i >= tried {
			continue
		}
		sent := *e
		sent.Patient, sent.Source, sent.Seq, sent.HasSeq = p.ID, name+"@0", uint64(i)+1, true
		m, err := schemas.EncodeEvent(&sent)
		if err != nil {
			return fmt.Errorf("event %d cannot be sent: %w", i, err)
		}
		got, problem := schemas.DecodeEvent(&m)
		if problem != nil {
			return fmt.Errorf("event %d would be a dead letter: %w", i, problem)
		}
		// A decoded event has the earliest time of its values; the source says the same.
		if got.EventTime != 0 && e.EventTime != got.EventTime {
			return fmt.Errorf("event %d is of %v, but the earliest time in it is %v", i, e.EventTime, got.EventTime)
		}
	}
	return nil
}

// twiceTheSame opens the data again and in another order: replays are compared by hash, so that
// hash and patients may depend on nothing but the data.
func twiceTheSame(c *sourceCheck) error {
	first, err := c.first()
	if err != nil {
		return err
	}
	s, err := c.Open()
	second, err := c.opened(s, err)
	if err != nil {
		return err
	}
	if err := first.same(second, "opened again"); err != nil {
		return err
	}
	if a, b := fmt.Sprint(first.rows), fmt.Sprint(second.rows); a != b {
		return fmt.Errorf("the same rows are counted as %s, then as %s", a, b)
	}
	if c.Reordered != nil {
		turned, err := c.opened(c.Reordered(c.dir))
		if err != nil {
			return err
		}
		if err := first.same(turned, "in another order"); err != nil {
			return err
		}
	}
	// A source is read once: it may refuse a second time, but never give something else.
	again, err := read(c.ctx, s, nil)
	if err != nil {
		return nil
	}
	return first.same(again, "read again without opening it again")
}

// anotherValue wants a hash that tells the data from others, which a constant would not.
func anotherValue(c *sourceCheck) error {
	if c.Changed == nil {
		return nil
	}
	first, err := c.first()
	if err != nil {
		return err
	}
	changed, err := c.opened(c.Changed(c.dir))
	if err != nil {
		return err
	}
	if maps.Equal(first.patients, changed.patients) {
		return errors.New("the changed data give the same patients: change a value that is used")
	}
	if first.hash == changed.hash {
		return fmt.Errorf("other data have the same hash %s", first.hash)
	}
	return nil
}

// cancelledBefore wants no patient at all of a reading whose context has ended.
func cancelledBefore(c *sourceCheck) error {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	return c.cancelled(ctx, ctx, func(int) {}, 0)
}

// cancelledBetween ends the context while the caller has the first patient in hand.
func cancelledBetween(c *sourceCheck) error {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	return c.cancelled(ctx, ctx, func(seen int) {
		if seen == 1 {
			cancel()
		}
	}, 1)
}

// cancelledWhileReading ends the context at one look of the source at it: at the first, in
// the middle and at the last. How many looks there are shows that it looks often enough.
func cancelledWhileReading(c *sourceCheck) error {
	s, err := c.Open()
	if err != nil {
		return err
	}
	counting := newWatched(c.ctx, -1)
	defer counting.cancel()
	r, err := read(counting, s, nil)
	if err != nil {
		return err
	}
	looks := int(counting.looks.Load())
	if want := max(len(r.patients), r.rows.Read/20_000); looks < want {
		return fmt.Errorf("the source looks at its context %d times over %d rows of %d patients: want %d looks or more", looks, r.rows.Read, len(r.patients), want)
	}
	for _, at := range slices.Compact([]int{0, looks / 2, looks - 1}) {
		w := newWatched(c.ctx, at)
		err := c.cancelled(w, w.Context, func(int) {}, 1)
		w.cancel()
		if err != nil {
			return fmt.Errorf("cancelled at look %d of %d: %w", at+1, looks, err)
		}
	}
	return nil
}

// cancelled reads under a context that ends, and wants the context's error, with at most
// so many patients after its end: one may be on its way. state tells of the end without
// being a look of the source.
func (c *sourceCheck) cancelled(ctx, state context.Context, seen func(int), most int) error {
	s, err := c.Open()
	if err != nil {
		return err
	}
	patients, late := 0, 0
	for _, err := range s.Patients(ctx) {
		if err != nil {
			if !errors.Is(err, context.Canceled) {
				return fmt.Errorf("a reading that was cancelled ends with %w, want the context's error", err)
			}
			return nil
		}
		patients++
		if state.Err() != nil {
			if late++; late > most {
				return fmt.Errorf("%d patients are yielded after the context has ended, want %d at most", late, most)
			}
		}
		seen(patients)
	}
	return fmt.Errorf("a reading that was cancelled ends after %d patients without an error, as if it were whole", patients)
}

// stoppedEarly takes one patient and goes; judge looks for what is left behind.
func stoppedEarly(c *sourceCheck) error {
	s, err := c.Open()
	if err != nil {
		return err
	}
	for _, err := range s.Patients(c.ctx) {
		return err
	}
	return errors.New("there is no patient")
}

// memoryIsBounded measures the heap after every eighth of the patients, each of which was let go:
// what has grown since before the source was opened is what the source holds.
func memoryIsBounded(c *sourceCheck) error {
	count, err := c.first()
	if err != nil {
		return err
	}
	every := max(1, len(count.patients)/8) // a collection takes its time
	before := liveHeap()
	s, err := c.Open()
	if err != nil {
		return err
	}
	most, at, seen := uint64(0), 0, 0
	for p, err := range s.Patients(c.ctx) {
		if err != nil {
			return err
		}
		runtime.KeepAlive(p)
		if seen++; seen%every == 0 {
			live := liveHeap()
			if live -= min(before, live); live > most {
				most, at = live, seen
			}
		}
	}
	runtime.KeepAlive(s)
	if most > c.Held {
		return fmt.Errorf("%d kB of heap are held at patient %d of %d: want at most %d kB", most>>10, at, seen, c.Held>>10)
	}
	return nil
}

// badRowsHaveAReason wants rows that were added to be counted for what they are, and to change
// nothing else.
func badRowsHaveAReason(c *sourceCheck) error {
	if c.Damaged == nil {
		return nil
	}
	whole, err := c.first()
	if err != nil {
		return err
	}
	s, added, err := c.Damaged(c.dir)
	if err != nil {
		return err
	}
	damaged, err := read(c.ctx, s, nil)
	if err != nil {
		return fmt.Errorf("with bad rows added, %w", err)
	}
	if err := whole.same(damaged, "with bad rows added"); err != nil {
		return err
	}
	if err := checkRows(damaged.rows); err != nil {
		return fmt.Errorf("with bad rows added, %w", err)
	}
	more := 0
	for reason, n := range added {
		more += n
		if got := damaged.rows.RejectedBy[reason] - whole.rows.RejectedBy[reason]; got != n {
			return fmt.Errorf("%d rows were added that are %s, and %d more are counted so", n, reason, got)
		}
	}
	if more == 0 {
		return errors.New("no bad row was added: the case shows nothing")
	}
	if got := damaged.rows.Read - whole.rows.Read; got != more {
		return fmt.Errorf("%d rows were added, and %d more are counted", more, got)
	}
	return nil
}
