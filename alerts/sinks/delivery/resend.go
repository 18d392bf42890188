package delivery

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/schemas"
)

// Letter is a dead letter of a sink: where the alert stands that its receiver did not take.
type Letter struct {
	ID        string
	Partition int
	Offset    int64
}

// Letters returns the dead letters of a sink, in the order of the alerts.
func (s *Service) Letters(ctx context.Context, name string) ([]Letter, error) {
	found := map[string]Letter{}
	err := s.Cluster.Each(ctx, schemas.TopicDeadLetters, func(m *schemas.Message) error {
		id, _ := m.Header(schemas.HeaderID)
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeDeadLetter || !strings.HasPrefix(id, schemas.TopicAlerts+"/") || !strings.HasSuffix(id, "/"+name) {
			return nil
		}
		d, err := schemas.DecodeDeadLetter(m.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", schemas.Place(m.Topic, m.Partition, m.Offset), err)
		}
		if d.Reason != schemas.Unreadable {
			found[id] = Letter{id, d.Partition, d.Offset}
		}
		return nil
	})
	list := slices.Collect(maps.Values(found))
	slices.SortFunc(list, func(a, b Letter) int {
		if a.Partition != b.Partition {
			return a.Partition - b.Partition
		}
		return int(min(1, max(-1, a.Offset-b.Offset)))
	})
	return list, err
}

// Resend gives a sink the alerts of dead letters again, and of each of those alerts also what was told later: a receiver
// would else be left with an old word as the last. It ends with the first error and returns how many notices the receiver took.
func (s *Service) Resend(ctx context.Context, l *Line, letters []Letter) (told int, err error) {
	_, next, err := s.Cluster.Ends(ctx, schemas.TopicAlerts)
	if err != nil {
		return 0, err
	}
	byPartition := map[int][]Letter{}
	for _, letter := range letters {
		byPartition[letter.Partition] = append(byPartition[letter.Partition], letter)
	}
	for _, partition := range slices.Sorted(maps.Keys(byPartition)) {
		if partition < 0 || partition >= len(next) {
			return told, fmt.Errorf("%s has no partition %d", schemas.TopicAlerts, partition)
		}
		n, err := s.resend(ctx, l, partition, byPartition[partition], next[partition])
		if told += n; err != nil {
			return told, err
		}
	}
	return told, nil
}

func (s *Service) resend(ctx context.Context, l *Line, partition int, letters []Letter, to int64) (told int, err error) {
	places, from := map[int64]bool{}, to
	for _, letter := range letters {
		places[letter.Offset] = true
		from = min(from, letter.Offset)
	}
	wanted := map[string]bool{} // ids of alerts
	o := &owner{Service: s, line: l, partition: partition}
	for r := s.Cluster.NewReader(schemas.TopicAlerts, partition, from); r.Next() < to; {
		records, err := r.Read(ctx, batch)
		if err != nil {
			return told, err
		}
		var list []pending
		for i := range records {
			m := &records[i]
			if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert || m.Offset >= to {
				continue
			}
			a, err := schemas.DecodeAlert(m.Value)
			if err != nil {
				continue // it has a dead letter of its own
			}
			if wanted[a.ID] = wanted[a.ID] || places[m.Offset]; wanted[a.ID] {
				list = append(list, pending{sinks.Notice{Alert: *a, Told: schemas.Time(m.Appended)}, m.Offset, m.Value})
			}
		}
		for len(list) > 0 {
			n, err := o.attempt(ctx, list)
			if told += n; n == 0 {
				return told, fmt.Errorf("%s: %w", schemas.Place(schemas.TopicAlerts, partition, list[0].offset), err)
			}
			list = list[n:]
		}
	}
	return told, nil
}
