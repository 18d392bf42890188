package monitor

import (
	"maps"
	"math"
	"slices"

	"github.com/vigil-icu/vigil/encoders/vitals"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// This file forgets patients: a worker of years must not hold all who ever came. Nothing that
// is put out depends on when a worker finds the time to do so, because what comes of somebody
// who is gone is always taken as of somebody new.

// isGone says whether a patient is gone at a time: without an open stay, of no run, and not
// heard of for schemas.Reach (48 h).
func (p *patient) isGone(at schemas.Time) bool {
	return !p.stay.open && !p.bound && p.heardAt != never && p.heardAt+schemas.Reach <= at
}

// beginAnew makes a patient who is gone as a live record comes one of whom nothing is known.
// Its window goes on empty, since it knows what the store has to drop. A rebuild goes on to
// know its last numberings: else it might begin in the middle of one, take a stay for open
// that has ended, and not find the patient gone.
func (s *Partition) beginAnew(p *patient, rec *schemas.Record, offset int64) {
	if rec.Provenance&schemas.Recorded != 0 || !p.isGone(max(s.liveClock, rec.At)) {
		return
	}
	was := *p
	was.window.Trim(forever)
	was.window.Restart()
	*p = *newPatient(was.id, offset)
	p.window, p.changed, p.clock = was.window, was.changed, was.clock
	if p.online = was.online; p.online != nil { // its memory is the partition's to give
		p.online.moment, p.online.changes = vitals.Moment{}, p.online.changes[:0]
	}
	p.beforeFrom, p.previousFrom, p.numberingFrom = was.previousFrom, was.numberingFrom, offset
	p.beforeGap, p.previousGap = was.previousGap, was.numberingGap || was.gap
	p.gap = s.use.gap.mayHaveLost(rec)
}

// forgetGone drops from memory the patients who are gone and whom no rebuild will meet any
// more, once for each hour of the live clock, and appends to dst what makes the store drop
// them.
func (s *Partition) forgetGone(dst []window.PatientWrite) []window.PatientWrite {
	hour := s.liveClock.FloorHour()
	if s.liveClock == never || hour == s.swept {
		return dst
	}
	s.swept = hour
	// What the log says of the partition as a whole is stored with the patients: one must stay.
	var newest *patient
	for _, p := range s.patients {
		if newest == nil || p.latestOffset > newest.latestOffset {
			newest = p
		}
	}
	from, n := s.RebuildFrom(math.MaxInt64), len(dst)
	for id, p := range s.patients {
		if p != newest && !p.changed && p.latestOffset < from && p.isGone(s.liveClock) && !s.mustKnow(p) {
			dst = append(dst, window.PatientWrite{Patient: id})
			delete(s.patients, id)
			s.counts.Gone++
		}
	}
	if len(dst)-n > len(s.patients) { // a map never gives back what it has grown to
		left := make(map[string]*patient, len(s.patients))
		maps.Copy(left, s.patients)
		s.patients = left
	}
	if len(dst) > n {
		s.unread = slices.DeleteFunc(s.unread, func(p *patient) bool { return s.patients[p.id] != p })
	}
	return dst
}
