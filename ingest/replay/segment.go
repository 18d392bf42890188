package replay

import (
	"container/heap"
	"fmt"

	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Playing times, ms.
const (
	FirstStart int64 = 1000 // start of every patient's first stay where beds are not limited: room for Lead before it
	Lead       int64 = 1000 // what the 48 h before an admission shrink to
	Gap        int64 = 1001 // from a segment's last play to the start of the patient's next stay: Lead, and so that none fall together
)

// leadFactor is how many times faster than real time the 48 h before an admission are
// played: 172800.
const leadFactor = int64(schemas.Reach) / Lead

// segment is one stay's share of a patient's events.
type segment struct {
	admit  schemas.Time
	start  int64 // playing time of the admission, ms; schedule sets it
	stayed int64 // from admission to the end of the stay, ms; 0 where it is open
	last   int64 // from admission to the last event or the end of the stay, whichever is later, ms
	events []int // positions in source.Patient.Events
}

// play is the playing time of what became available at t.
func (s *segment) play(t schemas.Time) int64 {
	if t >= s.admit {
		return s.start + int64(t-s.admit)
	}
	early := (int64(s.admit-t) + leadFactor - 1) / leadFactor
	return s.start - min(early, Lead)
}

// cut shares a patient's events out among the stays.
func cut(p *source.Patient) ([]segment, error) {
	if len(p.Stays) == 0 {
		return nil, fmt.Errorf("no stay")
	}
	segments := make([]segment, len(p.Stays))
	begins := make([]schemas.Time, len(p.Stays))
	for k, s := range p.Stays {
		segments[k].admit = s.Admit
		begins[k] = s.Admit - schemas.Reach
		if s.End != 0 {
			if s.End < s.Admit {
				return nil, fmt.Errorf("stay %s ends at %v, before its admission at %v", s.ID, s.End, s.Admit)
			}
			segments[k].stayed = int64(s.End - s.Admit)
			segments[k].last = segments[k].stayed
		}
		if k == 0 {
			continue
		}
		earlier := p.Stays[k-1]
		if earlier.End == 0 || earlier.End > s.Admit {
			return nil, fmt.Errorf("stay %s begins at %v, while stay %s has not ended", s.ID, s.Admit, earlier.ID)
		}
		begins[k] = min(s.Admit, max(begins[k], earlier.End+1))
	}
	k := 0
	for i := range p.Events {
		e := &p.Events[i]
		if e.AvailableTime == 0 || schemas.RawTopicIndex(e.Topic) < 0 || e.Head() == nil {
			return nil, fmt.Errorf("event %d on %q lacks an available time, a raw topic or a body", i, e.Topic)
		}
		if i > 0 && e.AvailableTime < p.Events[i-1].AvailableTime {
			return nil, fmt.Errorf("event %d is available at %v, before the one ahead of it", i, e.AvailableTime)
		}
		for k+1 < len(begins) && e.AvailableTime >= begins[k+1] {
			k++
		}
		own := k
		if e.ADT != nil && e.ADT.Stay != "" {
			for j := range p.Stays {
				if p.Stays[j].ID == e.ADT.Stay {
					own = j
				}
			}
		}
		s := &segments[own]
		s.events = append(s.events, i)
		s.last = max(s.last, int64(e.AvailableTime-s.admit))
	}
	return segments, nil
}

// schedule starts the stays: a patient's first at once, each next one Gap after
// the last play of the segment before; with beds, those that are ready wait in
// order of readiness, then of patients, for the bed that is free first.
func schedule(patients [][]segment, beds int) {
	var ready waiting
	for i := range patients {
		ready = append(ready, waiter{at: FirstStart, patient: i})
	}
	heap.Init(&ready)
	free := make(freeBeds, beds) // zero: free from the start
	for len(ready) > 0 {
		next := heap.Pop(&ready).(waiter)
		s := &patients[next.patient][next.stay]
		s.start = next.at
		if beds > 0 {
			s.start = max(s.start, free[0])
			occupied := s.stayed
			if occupied == 0 {
				occupied = s.last
			}
			free[0] = s.start + occupied + 1
			heap.Fix(&free, 0)
		}
		if next.stay+1 < len(patients[next.patient]) {
			heap.Push(&ready, waiter{at: s.start + s.last + Gap, patient: next.patient, stay: next.stay + 1})
		}
	}
}

// waiter is a stay that waits to start.
type waiter struct {
	at            int64 // playing time from which it may, ms
	patient, stay int   // positions
}

// waiting is a heap of stays, the one that may start first on top.
type waiting []waiter

func (w waiting) Len() int { return len(w) }
func (w waiting) Less(i, j int) bool {
	return w[i].at < w[j].at || w[i].at == w[j].at && w[i].patient < w[j].patient
}
func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w *waiting) Push(x any)   { *w = append(*w, x.(waiter)) }
func (w *waiting) Pop() any     { x := (*w)[len(*w)-1]; *w = (*w)[:len(*w)-1]; return x }

// freeBeds is a heap of the playing times at which beds are free again, ms.
type freeBeds []int64

func (f freeBeds) Len() int           { return len(f) }
func (f freeBeds) Less(i, j int) bool { return f[i] < f[j] }
func (f freeBeds) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *freeBeds) Push(x any)        { *f = append(*f, x.(int64)) }
func (f *freeBeds) Pop() any          { x := (*f)[len(*f)-1]; *f = (*f)[:len(*f)-1]; return x }
