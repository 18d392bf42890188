package replay

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Options of a plan. All of them change what is sent, so all of them enter the run's hash.
type Options struct {
	Beds int      // at most this many stays at a time; 0: all patients start together
	Run  string   // name of the run: patients become "NAME/domain:id"; empty: no name
	Only []string // patient ids to play; empty: all
}

// Plan is a run before it is played: every event with its playing time, in the order of
// sending. All events of the run are in memory. It does not change once it is made, and may
// be read by several goroutines.
type Plan struct {
	Source   string // "dataset@hash"
	Run      string // what schemas.HeaderRun carries: the run's hash, or "NAME@hash"
	Name     string // Options.Run
	Patients int
	Stays    int
	End      int64 // the largest playing time, ms; 0 for an empty plan
	Rows     source.RowCount

	events   []schemas.Event      // position in the plan = index
	patients []int32              // how many patients have an event up to and including each position
	stays    map[string][]segment // of each patient, in their order, without events
}

// Len is the number of events.
func (p *Plan) Len() int { return len(p.events) }

// Event returns the event at position i, which is the plan's own: do not change it.
func (p *Plan) Event(i int) *schemas.Event { return &p.events[i] }

// TimeOf is the patient's own time at a playing time in milliseconds, counted on from the admission
// of the stay that is being played; false for a patient who is not in the plan.
func (p *Plan) TimeOf(patient string, play int64) (schemas.Time, bool) {
	stays := p.stays[patient]
	if len(stays) == 0 {
		return 0, false
	}
	now := &stays[0]
	for i := range stays {
		if stays[i].start <= play {
			now = &stays[i]
		}
	}
	return now.admit + schemas.Time(play-now.start), true
}

// NewPlan reads the source to its end and plans it. The same source and options give the
// same plan, whatever the order of reading. Errors are the source's, ctx's, a run name that
// cannot be one, a patient of Only that is not there, stays of a patient that overlap, and
// an event without an available time.
func NewPlan(ctx context.Context, s source.Source, o Options) (*Plan, error) {
	if err := checkName(o.Run); err != nil {
		return nil, err
	}
	if o.Beds < 0 {
		return nil, fmt.Errorf("%d beds: want 0 (all patients start together) or more", o.Beds)
	}
	patients, err := readPatients(ctx, s, o.Only)
	if err != nil {
		return nil, err
	}
	p := &Plan{Source: source.Edition(s), Name: o.Run, Rows: s.Rows(), Patients: len(patients)}
	p.Run = runHash(p.Source, o)
	if o.Run != "" {
		p.Run = o.Run + "@" + p.Run
	}
	if err := p.assign(patients, o.Beds); err != nil {
		return nil, err
	}
	p.sort()
	p.number()
	return p, nil
}

// readPatients reads the source and orders its patients by id, so that a plan
// does not depend on the order of reading.
func readPatients(ctx context.Context, s source.Source, only []string) ([]*source.Patient, error) {
	wanted := make(map[string]bool, len(only))
	for _, id := range only {
		wanted[id] = false
	}
	var patients []*source.Patient
	for p, err := range s.Patients(ctx) {
		if err != nil {
			return nil, err
		}
		if len(only) > 0 {
			if _, ok := wanted[p.ID]; !ok {
				continue
			}
			wanted[p.ID] = true
		}
		patients = append(patients, p)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	for _, id := range only {
		if !wanted[id] {
			return nil, fmt.Errorf("%s has no patient %q with a stay", s.Name(), id)
		}
	}
	slices.SortFunc(patients, func(a, b *source.Patient) int { return strings.Compare(a.ID, b.ID) })
	for i := 1; i < len(patients); i++ {
		if patients[i].ID == patients[i-1].ID {
			return nil, fmt.Errorf("%s yields patient %q twice", s.Name(), patients[i].ID)
		}
	}
	return patients, nil
}

// assign gives every event its playing time and gathers the events.
func (p *Plan) assign(patients []*source.Patient, beds int) error {
	segments := make([][]segment, len(patients))
	total := 0
	for i, patient := range patients {
		var err error
		if segments[i], err = cut(patient); err != nil {
			return fmt.Errorf("patient %s: %w", patient.ID, err)
		}
		p.Stays += len(patient.Stays)
		total += len(patient.Events)
	}
	schedule(segments, beds)
	p.events = make([]schemas.Event, 0, total)
	p.stays = make(map[string][]segment, len(patients))
	for i, patient := range patients {
		id := patient.ID
		if p.Name != "" {
			id = p.Name + "/" + id
		}
		for _, s := range segments[i] {
			p.stays[id] = append(p.stays[id], segment{admit: s.admit, start: s.start})
			for _, at := range s.events {
				e := patient.Events[at]
				e.Play = s.play(e.AvailableTime)
				e.Patient, e.Source, e.Run = id, p.Source, p.Run
				if e.ADT != nil && e.ADT.Into != "" && p.Name != "" {
					e.ADT.Into = p.Name + "/" + e.ADT.Into
				}
				p.events = append(p.events, e)
			}
		}
		patient.Events = nil
	}
	return nil
}

// sort puts the events in the order of intake's merge. It sorts positions, as an
// event is a large thing to move.
func (p *Plan) sort() {
	order := make([]int32, len(p.events))
	for i := range order {
		order[i] = int32(i)
	}
	slices.SortFunc(order, func(a, b int32) int {
		if c := compare(&p.events[a], &p.events[b]); c != 0 {
			return c
		}
		return cmp.Compare(a, b)
	})
	sorted := make([]schemas.Event, len(order))
	for i, from := range order {
		sorted[i] = p.events[from]
	}
	p.events = sorted
}

// compare is the order of intake's merge as far as one source's events go; equal
// ones keep the order of the source.
func compare(a, b *schemas.Event) int {
	if c := cmp.Compare(a.Play, b.Play); c != 0 {
		return c
	}
	if (a.ADT != nil) != (b.ADT != nil) {
		if a.ADT != nil {
			return -1
		}
		return 1
	}
	if c := cmp.Compare(a.EventTime, b.EventTime); c != 0 {
		return c
	}
	if a.Topic != b.Topic {
		return cmp.Compare(schemas.RawTopicIndex(a.Topic), schemas.RawTopicIndex(b.Topic))
	}
	if c := strings.Compare(a.Patient, b.Patient); c != 0 {
		return c
	}
	return cmp.Compare(a.AvailableTime, b.AvailableTime)
}

// number gives the events of each patient and topic their sequence numbers, and fills in the
// heads of the bodies: only in the order of sending is it known which event comes first.
func (p *Plan) number() {
	type stream struct {
		patient string
		topic   string
	}
	next := make(map[stream]uint64, 2*p.Patients)
	seen := make(map[string]bool, p.Patients)
	p.patients = make([]int32, len(p.events))
	for i := range p.events {
		e := &p.events[i]
		key := stream{e.Patient, e.Topic}
		next[key]++
		e.Seq, e.HasSeq = next[key], true
		seen[e.Patient] = true
		p.patients[i] = int32(len(seen))
		p.End = max(p.End, e.Play)

		head := e.Head()
		head.Patient, head.Source = e.Patient, e.Source
		head.Seq, head.AvailableTime = &e.Seq, &e.AvailableTime
		if e.EventTime != 0 {
			head.EventTime = &e.EventTime
		}
	}
}

// runHash tells runs apart: it is over all that decides what is sent, 16 hex digits. The
// number in "vigil run 1" is to be raised whenever the same data and options come to be
// planned otherwise than before, so that an old run is not taken up again as this one.
func runHash(source string, o Options) string {
	var content []byte
	number := func(n int) { content = binary.LittleEndian.AppendUint64(content, uint64(n)) }
	text := func(s string) { number(len(s)); content = append(content, s...) }
	text("vigil run 1")
	text(source)
	number(o.Beds)
	text(o.Run)
	only := slices.Clone(o.Only)
	slices.Sort(only)
	for _, id := range slices.Compact(only) {
		text(id)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:16]
}

// checkName holds a run's name to what may stand in a patient id.
func checkName(name string) error {
	if len(name) > 40 {
		return fmt.Errorf("run name %.50q is longer than 40 bytes", name)
	}
	for _, c := range []byte(name) {
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.' {
			continue
		}
		return fmt.Errorf("run name %q: want letters, digits and - _ . (it becomes part of patient ids)", name)
	}
	return nil
}
