package api

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts/audit"
	"github.com/vigil-icu/vigil/schemas"
)

// Unit is the whole unit at a moment.
type Unit struct {
	Beds   []Bed        `json:"beds" doc:"the sickest first"`
	Alerts []Alert      `json:"alerts" doc:"the newest first"`
	AsOf   schemas.Time `json:"as_of" doc:"what is told was known then"`
	Cut    bool         `json:"cut" doc:"the topics are longer than what one call reads: who was there at a moment further back may be missing"`
}

// wholeUnit tells of the unit as of a moment, or as it is.
func (s *Service) wholeUnit(c *call) (any, error) {
	asOf, err := c.moment("as_of")
	if err != nil {
		return nil, err
	}
	if asOf == 0 {
		if err := s.sawUnit(c.who); err != nil {
			return nil, err
		}
		s.live.mu.Lock()
		defer s.live.mu.Unlock()
		now := s.live.snapshot(c.who)
		return Unit{Beds: now.Beds, Alerts: now.Alerts, AsOf: s.live.unit.Counts().Clock}, nil
	}
	if err := s.audit(c.who, audit.Entry{What: "unit", Detail: "as of " + asOf.String()}); err != nil {
		return nil, err
	}
	defer s.reading()()
	then, cut, err := s.readUnit(c.Context(), asOf)
	if err != nil {
		return nil, err
	}
	then.mu.Lock()
	defer then.mu.Unlock()
	all := then.snapshot(c.who)
	slices.SortStableFunc(all.Alerts, func(a, b Alert) int { // partitions were read one after the other
		return cmp.Or(cmp.Compare(b.Started, a.Started), strings.Compare(a.ID, b.ID))
	})
	// Whoever has since gone to a unit that the reader may not see is not told of, as in every other call.
	moved := func(patient string) bool {
		line, here := s.live.unit.Line(patient)
		return here && !c.who.sees(line.Unit)
	}
	return Unit{
		Beds:   slices.DeleteFunc(all.Beds, func(b Bed) bool { return moved(b.Patient) }),
		Alerts: slices.DeleteFunc(all.Alerts, func(a Alert) bool { return moved(a.Patient) }),
		AsOf:   asOf, Cut: cut,
	}, nil
}

// readUnit reads what the topics told by a moment, of as many records as the live view begins with. Movements are read
// first and alerts last, so that each score and each alert finds its bed.
func (s *Service) readUnit(ctx context.Context, asOf schemas.Time) (then *live, cut bool, err error) {
	then = newLive(s.config.Shows, func(string) (schemas.Time, bool) { return asOf, true }, "")
	for _, topic := range []string{schemas.TopicADT, schemas.TopicScores, schemas.TopicAlerts} {
		first, next, err := s.config.Topics.Ends(ctx, topic)
		if err != nil {
			return nil, false, err
		}
		for partition := range next {
			from := max(first[partition], next[partition]-s.budgetOf(topic))
			cut = cut || from > 0
			_, err := s.config.Topics.EachFrom(ctx, topic, partition, from, func(m *schemas.Message) error {
				if at, ok := knownAt(m); ok && at <= asOf {
					then.see(m)
				}
				return nil
			})
			if err != nil {
				return nil, false, err
			}
		}
	}
	return then, cut, nil
}

// knownAt is when a record of the unit could be known; false of any other record.
func knownAt(m *schemas.Message) (at schemas.Time, ok bool) {
	switch kind, _ := m.Header(schemas.HeaderType); kind {
	case schemas.TypeScore:
		if s, err := schemas.DecodeScore(m.Value); err == nil {
			return s.AsOf, true
		}
	case schemas.TypeAlert:
		if a, err := schemas.DecodeAlert(m.Value); err == nil {
			return a.AsOf, true
		}
	case schemas.TypeADT:
		if e, problem := schemas.DecodeEvent(m); problem == nil {
			if e.AvailableTime == 0 { // the sender did not say, and intake took its own clock
				return max(e.EventTime, schemas.Time(m.Appended)), true
			}
			return max(e.EventTime, e.AvailableTime), true
		}
	}
	return 0, false
}
