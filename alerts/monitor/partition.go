package monitor

import (
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// Partition is the state of one partition of the patient log, in memory: its patients, and
// what the log has said of the partition as a whole. It belongs to one goroutine.
type Partition struct {
	// Number is which partition of the log it is, for dead letters, which name records of it.
	Number int

	patients  map[string]*patient // by id
	open      []*patient          // those with an open stay, in the order of their ids
	changed   []*patient          // those that changed since the last Writes, in no order
	unread    []*patient          // those loaded with a window whose records only the store has
	chunkLens []window.ChunkLen   // memory that Wants reuses
	keepWhole bool                // windows stay in memory as a whole, see Monitor.readsObservations
	swept     schemas.Time        // the hour of liveClock in which forgetGone was last done
	liveClock schemas.Time        // the newest time of any live record or tick; never before the first
	use       use
	counts    Counts
	scratch   scratch
}

// Counts say how many records Step has taken and outputs it has made, since the partition
// was made or loaded.
type Counts struct {
	Records    uint64 // records of patients that were applied
	Duplicates uint64 // records of patients that repeated an earlier one and changed nothing
	Crossed    uint64 // recorded records of live patients, and live ones of patients of a run: dropped
	Restarts   uint64 // senders that were started again: their numbers came with other contents
	Unadmitted uint64 // records of data that came while the patient had no open stay; they are kept and not scored
	Unmatched  uint64 // observations that were to be taken back or corrected and are not there
	Forgotten  uint64 // senders of a patient that were forgotten because there are too many
	Gone       uint64 // patients who were forgotten, 48 h after they were last heard of
	Overfull   uint64 // observations that the window did not take, since their hour is full of their channel
	Ticks      uint64 // ticks of any run and live ones
	Scores     uint64 // outputs on schemas.TopicScores
	Abstained  uint64 // those of them in which the model gives no number, though there is one
	Alerts     uint64 // outputs on schemas.TopicAlerts: revisions, not alerts
}

// NewPartition returns a partition that has seen nothing. LoadPartition makes one of what
// a store holds.
func NewPartition() *Partition {
	return &Partition{patients: map[string]*patient{}, liveClock: never, use: use{at: -1, gap: gap{at: -1}}}
}

// Drift is what the serving model has met in this partition since it began to serve; nil where
// nothing can be said of it. It is the partition's, and moves with Step.
func (s *Partition) Drift() *fusion.Drift { return s.scratch.model.drift }

// Counts returns what Step has counted so far.
func (s *Partition) Counts() Counts { return s.counts }

// gap is a place in the log where records are missing.
type gap struct {
	// at is the log offset where records are missing. A rebuild must begin there or before
	// it, or it would not know of the gap. -1 says that there is none.
	at int64
	// until is when 48 h have passed behind the gap: live patients who are first seen later
	// have lost nothing. It is never until the first live record says what time it is.
	until schemas.Time
}

// SetGap says that records were lost: the log begins behind offset at, from which on the
// state would need it. Scores and alerts of patients who may have lost records carry the
// flag "gap" until their stay ends or they are admitted anew; so do those of patients who
// are first seen in the 48 h behind the gap. Data open a stay for them, since their
// admission may be among what was lost.
func (s *Partition) SetGap(at int64) { s.setGap(gap{at, never}) }

// setGap notes a gap and marks the patients who may have lost records in it.
func (s *Partition) setGap(g gap) {
	s.use.gap = g
	for _, p := range s.patients {
		if s.mustKnow(p) {
			p.gap = true
			s.markChanged(p)
		}
	}
}

// gapEndsAfter dates the end of a gap that was found at a start, where no record had yet
// said what time it is: schemas.Reach (48 h) behind the first live record.
func (s *Partition) gapEndsAfter(rec *schemas.Record) {
	live := rec.Provenance&schemas.Recorded == 0 && rec.Kind != schemas.KindUse
	if g := &s.use.gap; g.at >= 0 && g.until == never && live {
		g.until = rec.At + schemas.Reach
	}
}

// mayHaveLost says whether records of a patient may be among those that were lost, if the
// patient is seen with this record for the first time, or again without a stay.
func (g *gap) mayHaveLost(rec *schemas.Record) bool {
	return g.at >= 0 && (rec.Provenance&schemas.Recorded != 0 || g.until == never || rec.At <= g.until)
}

// mustKnow says whether a rebuild must know the patient, because a later record may bring
// an output that depends on an earlier one: with an open stay, of a run, whose time may
// stand still for as long as nobody plays it, or heard of in the last 48 h.
func (s *Partition) mustKnow(p *patient) bool {
	return p.stay.open || p.bound || p.clock+schemas.Reach > s.liveClock
}

// noteTime notes whose time a record of the patient tells: that of a run, or of all who are
// live.
func (s *Partition) noteTime(p *patient, rec *schemas.Record) {
	if rec.Provenance&schemas.Recorded != 0 {
		p.bound, p.playOffset = true, int64(rec.At)-rec.Play
	} else {
		s.liveClock = max(s.liveClock, p.clock)
	}
	p.heardAt = max(p.heardAt, rec.At)
}

// use is what the log says of the partition as a whole: what records are judged by from here
// on, and the last gap.
type use struct {
	at     int64  // log offset of the use record; -1 before the first
	model  string // as schemas.Use has it; empty where the log asks for none
	policy string // the same, and behind a blank the settings where the log asks for some
	gap    gap

	servedBy *Monitor // that has what is asked for, so that not each record asks again
}

// Open is the number of open stays.
func (s *Partition) Open() int { return len(s.open) }

// Late is the number of open live stays with a score that fell due more than a time ago, by the partition's own
// clock. Ticks let each fall due in its second, so that it is above 0 only where something of theirs was left out.
func (s *Partition) Late(by schemas.Time) (n int) {
	for _, p := range s.open {
		if !p.bound && p.held < s.liveClock-by {
			n++
		}
	}
	return n
}

// findPatient finds or makes the patient of a record. Patients who are met outside a stay
// are marked anew by where the log's gap is, since the next stay may begin with this record.
func (s *Partition) findPatient(rec *schemas.Record, offset int64) *patient {
	p := s.patients[rec.Patient]
	switch {
	case p == nil:
		p = newPatient(strings.Clone(rec.Patient), offset)
		p.gap = s.use.gap.mayHaveLost(rec)
		s.patients[p.id] = p
	case p.gap && !p.stay.open:
		p.numberingGap = true
		p.gap = s.use.gap.mayHaveLost(rec)
	}
	return p
}

// markChanged notes that the store must be given the patient.
func (s *Partition) markChanged(p *patient) {
	if !p.changed {
		p.changed = true
		s.changed = append(s.changed, p)
	}
}

// listOpen puts the patient on the list of open stays, or takes it off. The list is in the
// order of ids so that the outputs of a tick come in an order of their own and not in that
// of a map.
func (s *Partition) listOpen(p *patient, open bool) {
	i, found := slices.BinarySearchFunc(s.open, p.id, func(o *patient, id string) int { return strings.Compare(o.id, id) })
	switch {
	case open && !found:
		s.open = slices.Insert(s.open, i, p)
	case !open && found:
		s.open = slices.Delete(s.open, i, i+1)
	}
}

// Writes appends to dst what the store must be given: the patients that have changed since
// the last call and those that are forgotten, in the order of their ids. It reuses the memory
// behind dst's end. After it the partition counts the answer as stored and forgets the records
// of closed hours, which Wants names when a later record needs them: a caller that gives the
// write up must load the partition again.
func (s *Partition) Writes(dst []window.PatientWrite) []window.PatientWrite {
	from := len(dst)
	dst = s.forgetGone(dst)
	n := len(dst)
	dst = slices.Grow(dst, len(s.changed))[:n+len(s.changed)]
	for i, p := range s.changed {
		p.changed = false
		w := &dst[n+i]
		w.Patient, w.State = p.id, p.append(w.State[:0], &s.use)
		p.window.TakeWrites(w)
		s.release(p)
	}
	clear(s.changed) // else its memory holds patients who are forgotten
	s.changed = s.changed[:0]
	slices.SortFunc(dst[from:], func(a, b window.PatientWrite) int { return strings.Compare(a.Patient, b.Patient) })
	return dst
}

// release lets the window forget the closed hours, which the store has, unless the model
// needs all of them.
func (s *Partition) release(p *patient) {
	if s.keepWhole {
		return
	}
	keep := p.lastEnd
	if p.closed != nil { // a view of that stay begins at the end before it
		keep = p.closed.lastEnd
	}
	p.window.Release(keep)
}

// RebuildFrom is a log offset from which a rebuild gives this state: the smallest that any
// patient needs who has an open stay, belongs to a run, or was heard of in the last 48 h.
// A patient needs the open stay, the time before its admission, and the two stays before;
// repeats of still older records a rebuild takes for new ones. next is the offset of the
// next record, and the answer where nothing is needed.
func (s *Partition) RebuildFrom(next int64) int64 {
	g := &s.use.gap
	if g.at >= 0 && (s.liveClock == never || g.until == never || s.liveClock <= g.until) {
		next = min(next, g.at)
	}
	for _, p := range s.patients {
		if s.mustKnow(p) {
			next = min(next, p.rebuildFrom())
			if p.gap || p.numberingGap || p.previousGap || p.beforeGap {
				next = min(next, g.at)
			}
		}
	}
	return next
}

// scratch is memory that Step reuses, so that a score in the steady state allocates little
// beside its body.
type scratch struct {
	score    score
	event    alerts.Score
	news2    schemas.NEWS2
	readings alerts.Readings
	measured alerts.Measured // of the readings
	alerts   []schemas.Alert
	json     jsonWriter
	model    modelScratch
	shadow   shadow
	added    []schemas.Observation
	missed   []int // places in the record of what takes back or corrects what is not there
	derive   record.Deriver
}
