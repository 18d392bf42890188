package sourcetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Subject is a source under test, with what the suite cannot know of it. Each function
// opens the source afresh, since a source is read once. The data should have at least
// three patients, or there is no middle to cancel in.
type Subject struct {
	// Open opens the data.
	Open func() (source.Source, error)

	// Changed opens data of the same patients of which one value is another. Files that it
	// needs go into dir, which is empty and the test's own. It may be nil where a package
	// runs the suite again on large data.
	Changed func(dir string) (source.Source, error)

	// Reordered opens the same data laid out so that it is read in another order: rows
	// turned round, files under other names. It is nil where a source reads in one order only.
	Reordered func(dir string) (source.Source, error)

	// Damaged opens the same data with bad rows added, and says how many of each reason. It
	// is nil where a source has no rows that could be bad, and where Changed may be nil.
	Damaged func(dir string) (source.Source, map[schemas.Reason]int, error)

	// Held is the most heap, in bytes, that the source keeps between two patients, with the
	// one just yielded still counted. A source that reads a patient at a time has a number
	// far below the size of all of them; one that gathers the whole data set first has
	// what its documentation says.
	Held uint64
}

// Run holds a source against the contract of source.Source.
func Run(t *testing.T, s Subject) {
	first := s.reader(t.Context())
	for _, c := range sourceCases {
		t.Run(c.name, func(t *testing.T) {
			if err := judge(t.Context(), c.run, s, first, t.TempDir()); err != nil {
				t.Error(err)
			}
		})
	}
}

// reader reads the data when it is first asked to, and once: what the cases compare with.
func (s Subject) reader(ctx context.Context) func() (*reading, error) {
	return sync.OnceValues(func() (*reading, error) {
		c := sourceCheck{Subject: s, ctx: ctx}
		return c.opened(c.Open())
	})
}

// judge runs one case, and holds every case to leaving nothing behind.
func judge(ctx context.Context, run func(*sourceCheck) error, s Subject, first func() (*reading, error), dir string) error {
	before := resourcesNow()
	if err := run(&sourceCheck{Subject: s, ctx: ctx, first: first, dir: dir}); err != nil {
		return err
	}
	return before.same()
}

type sourceCase struct {
	name string
	run  func(*sourceCheck) error
}

var sourceCases = []sourceCase{
	{"rows add up", rowsAddUp},
	{"patients are in order and whole", patientsAreWhole},
	{"twice the same", twiceTheSame},
	{"another value is another hash", anotherValue},
	{"cancelled before it begins", cancelledBefore},
	{"cancelled while it reads", cancelledWhileReading},
	{"cancelled between two patients", cancelledBetween},
	{"stopped early", stoppedEarly},
	{"memory is bounded", memoryIsBounded},
	{"bad rows have a reason", badRowsHaveAReason},
}

// sourceCheck is a case at work on its subject.
type sourceCheck struct {
	Subject
	ctx   context.Context
	first func() (*reading, error)
	dir   string
}

// reading is what one reading of a source gave: enough to compare it with another, and
// little enough to be kept for a large data set.
type reading struct {
	patients map[string]string // by id: a hash of stays and events
	hash     string
	rows     source.RowCount
}

// read reads a source to its end and lets see have each patient.
func read(ctx context.Context, s source.Source, see func(*source.Patient) error) (*reading, error) {
	r := &reading{patients: map[string]string{}}
	for p, err := range s.Patients(ctx) {
		if err != nil {
			return nil, fmt.Errorf("reading ends after %d patients with: %w", len(r.patients), err)
		}
		if p == nil {
			return nil, fmt.Errorf("there is neither a patient nor an error after %d patients", len(r.patients))
		}
		if _, twice := r.patients[p.ID]; twice {
			return nil, fmt.Errorf("patient %q is yielded twice", p.ID)
		}
		r.patients[p.ID] = contentOf(p)
		if see != nil {
			if err := see(p); err != nil {
				return nil, fmt.Errorf("patient %q: %w", p.ID, err)
			}
		}
	}
	if len(r.patients) < 3 {
		return nil, fmt.Errorf("there are %d patients: give the suite data with three or more", len(r.patients))
	}
	r.hash, r.rows = s.Hash(), s.Rows()
	return r, nil
}

// contentOf is the hash of one patient.
func contentOf(p *source.Patient) string {
	var h source.Hasher
	h.Add(p)
	return h.Sum("")
}

// opened reads what an open function of the subject gives.
func (c *sourceCheck) opened(s source.Source, err error) (*reading, error) {
	if err != nil {
		return nil, fmt.Errorf("opening: %w", err)
	}
	return read(c.ctx, s, nil)
}

// same says how two readings of the same data differ.
func (r *reading) same(other *reading, what string) error {
	if len(r.patients) != len(other.patients) {
		return fmt.Errorf("%s: %d patients, want %d", what, len(other.patients), len(r.patients))
	}
	for id, content := range r.patients {
		if found, there := other.patients[id]; !there {
			return fmt.Errorf("%s: patient %q is missing", what, id)
		} else if found != content {
			return fmt.Errorf("%s: patient %q has other stays or events", what, id)
		}
	}
	if r.hash != other.hash {
		return fmt.Errorf("%s: the same patients have the hash %q, then %q", what, r.hash, other.hash)
	}
	return nil
}
