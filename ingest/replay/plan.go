package replay

import (
	"context"

	"github.com/vigil-icu/vigil/schemas"
)

// Playing times, ms.
const (
	FirstStart int64 = 1000 // start of every patient's first stay where beds are not limited
	Lead       int64 = 1000 // what the 48 h before an admission shrink to
	Gap        int64 = 1001 // from a segment's last play to the start of the patient's next stay
)

// Options of a plan: all of them change what is sent and enter the run's hash.
type Options struct {
	Beds int      // at most this many stays at a time; 0: all patients start together
	Run  string   // name of the run: patients become "NAME/domain:id"; empty: no name
	Only []string // patient ids to play; empty: all
}

// Plan is a run before it is played: every event with its playing time, in the
// order of sending.
type Plan struct {
	Source   string // "dataset@hash"
	Run      string // what HeaderRun carries: the hash, or "NAME@hash"
	Name     string // Options.Run
	Patients int
	Stays    int
	End      int64 // the largest play, 0 for an empty plan
	Rows     RowCount

	events []schemas.Event // position in the plan = index
}

// NewPlan reads the source to its end and plans it. Errors: the source's, a run
// name that cannot be one, stays of a patient that overlap, an event without an
// available time.
func NewPlan(ctx context.Context, s Source, o Options) (*Plan, error) {
	panic("building")
}

// Len is the number of events.
func (p *Plan) Len() int { return len(p.events) }

// Event returns the event at position i. It is shared: do not change it.
func (p *Plan) Event(i int) *schemas.Event { return &p.events[i] }
