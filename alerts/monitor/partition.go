package monitor

import (
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Partition is the state of one partition of the patient log, in memory. It
// belongs to one goroutine.
type Partition struct {
	patients map[string]*patient
	open     []*patient // with an open stay, in the order of their ids
	dirty    []*patient // changed since the last Writes
	unread   []*patient // of whose windows, when loaded, the store alone had the records
	lens     []window.ChunkLen
	whole    bool         // windows stay in memory, see Monitor.whole
	live     schemas.Time // the clock of the live patients
	use      use
	counts   Counts
	scratch  scratch
}

// Counts say what Step did with the records of a partition since it was made.
type Counts struct {
	Records    uint64 // applied
	Duplicates uint64 // repeats, of which nothing followed
	Ticks      uint64
	Scores     uint64
	Alerts     uint64
}

// NewPartition returns a partition that has seen nothing.
func NewPartition() *Partition {
	return &Partition{patients: map[string]*patient{}, live: never, use: use{at: -1, gap: gap{at: -1}}}
}

// Counts returns what Step did so far.
func (s *Partition) Counts() Counts { return s.counts }

// gap is a place in the log where records are missing.
type gap struct {
	at    int64        // log offset: a rebuild must begin there or before to know of it; -1: none
	until schemas.Time // live patients who are first seen later have lost nothing; never: to be set by the first live record
}

// SetGap says that records were lost: the log begins behind offset at, which the state
// needs. Patients whose records may be among them are marked until their stay ends or
// they are admitted anew; so are those who are first seen in the 48 h behind it. Data
// open a stay for them, since their admission may be what was lost.
func (s *Partition) SetGap(at int64) { s.setGap(gap{at, never}) }

func (s *Partition) setGap(g gap) {
	s.use.gap = g
	for _, p := range s.patients {
		if s.mustKnow(p) {
			p.gap = true
			s.touch(p)
		}
	}
}

// gapEndsAfter notes when live patients who are first seen have lost nothing any more,
// where the gap was found at a start: Reach behind the first live record.
func (s *Partition) gapEndsAfter(rec *schemas.Record) {
	live := rec.Provenance&schemas.Recorded == 0 && rec.Kind != schemas.KindUse
	if g := &s.use.gap; g.at >= 0 && g.until == never && live {
		g.until = rec.At + schemas.Reach
	}
}

// missed says whether records of a patient who is seen now for the first time, or
// again without a stay, may be among those that were lost.
func (g *gap) missed(rec *schemas.Record) bool {
	return g.at >= 0 && (rec.Provenance&schemas.Recorded != 0 || g.until == never || rec.At <= g.until)
}

// mustKnow says whether a rebuild must know the patient: one with an open stay, of a
// run, or heard of in the last 48 h.
func (s *Partition) mustKnow(p *patient) bool {
	return p.stay.open || p.bound || p.clock+schemas.Reach > s.live
}

// use is what the log asks for from a record on, and what it lacks.
type use struct {
	at            int64 // offset of the use record; -1: none came
	model, policy string
	gap           gap
}

// Open is the number of open stays.
func (s *Partition) Open() int { return len(s.open) }

func (s *Partition) patient(rec *schemas.Record, offset int64) *patient {
	p := s.patients[rec.Patient]
	switch {
	case p == nil:
		p = newPatient(strings.Clone(rec.Patient), offset)
		p.gap = s.use.gap.missed(rec)
		s.patients[p.id] = p
	case p.gap && !p.stay.open:
		p.touched[0] = true
		p.gap = s.use.gap.missed(rec)
	}
	return p
}

// touch notes that the patient has changed.
func (s *Partition) touch(p *patient) {
	if !p.dirty {
		p.dirty = true
		s.dirty = append(s.dirty, p)
	}
}

// setOpen keeps the list of open stays.
func (s *Partition) setOpen(p *patient, open bool) {
	i, found := slices.BinarySearchFunc(s.open, p.id, func(o *patient, id string) int { return strings.Compare(o.id, id) })
	switch {
	case open && !found:
		s.open = slices.Insert(s.open, i, p)
	case !open && found:
		s.open = slices.Delete(s.open, i, i+1)
	}
}

// Writes appends to dst what has changed since the last call, patients in the
// order of their ids, for the store; memory behind dst's end is used again. The
// windows take it as stored, and forget the records of closed hours: Wants names
// those that a later record needs.
func (s *Partition) Writes(dst []window.PatientWrite) []window.PatientWrite {
	slices.SortFunc(s.dirty, func(a, b *patient) int { return strings.Compare(a.id, b.id) })
	n := len(dst)
	dst = slices.Grow(dst, len(s.dirty))[:n+len(s.dirty)]
	for i, p := range s.dirty {
		p.dirty = false
		w := &dst[n+i]
		w.Patient, w.State = p.id, p.append(w.State[:0], &s.use)
		p.window.TakeWrites(w)
		s.release(p)
	}
	s.dirty = s.dirty[:0]
	return dst
}

// release lets the window forget what the store has.
func (s *Partition) release(p *patient) {
	if !s.whole {
		p.window.Release(p.last)
	}
}

// RebuildFrom is a log offset from which a rebuild gives this state: the smallest
// that an open stay needs, its time before admission and the stay before it
// included. What it does not know are repeats of still older records. next is the
// offset of the next record, the answer where nothing is needed. Patients of a run
// always count; live ones until 48 h after they were last heard of.
func (s *Partition) RebuildFrom(next int64) int64 {
	g := &s.use.gap
	if g.at >= 0 && (s.live == never || g.until == never || s.live <= g.until) {
		next = min(next, g.at)
	}
	for _, p := range s.patients {
		if s.mustKnow(p) {
			next = min(next, p.before)
			if p.gap || p.touched[0] || p.touched[1] {
				next = min(next, g.at)
			}
		}
	}
	return next
}

// scratch is memory that Step reuses.
type scratch struct {
	score    score
	event    alerts.Score
	news2    schemas.NEWS2
	readings alerts.Readings
	alerts   []schemas.Alert
	json     jsonWriter
	model    modelScratch
}
