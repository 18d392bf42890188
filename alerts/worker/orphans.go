package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
)

// endOrphans ends the alerts that nobody could ever end: the log was cut by retention where they
// began, and the store that knew them is empty. They stand open in the compacted topic of latest
// states. Those that what is left of the log makes again, from first to below next, go on.
//
// The ends go out before anything is written into the store, so that whoever dies in between
// leaves them to the next one. They follow from no record of the log and so carry no position;
// an end that comes twice has the same id and revision.
func (a *applier) endOrphans(ctx context.Context, first, next int64) error {
	open, err := a.openAlerts(ctx)
	if err != nil || len(open) == 0 {
		return err
	}
	if err := a.leaveRemade(ctx, open, first, next); err != nil || len(open) == 0 {
		return err
	}
	var ends, states []schemas.Message
	for _, id := range slices.Sorted(maps.Keys(open)) {
		alert := open[id]
		alert.Revision++
		alert.Phase, alert.Reason = schemas.PhaseEnd, "what this alert followed from is lost: the log was cut and the store empty"
		alert.Drivers, alert.Change = nil, nil
		if !slices.Contains(alert.Flags, monitor.FlagGap) {
			alert.Flags = append(alert.Flags, monitor.FlagGap)
		}
		body, err := schemas.EncodeAlert(alert)
		if err != nil {
			return fmt.Errorf("ending an alert of before: %w", err)
		}
		headers := []schemas.Header{
			{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderID, Value: id}, {Key: schemas.HeaderType, Value: schemas.TypeAlert},
			{Key: schemas.HeaderSource, Value: "vigil"}, {Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
		}
		ends = append(ends, schemas.Message{Key: []byte(alert.Patient), Value: body, Headers: headers})
		states = append(states, schemas.Message{Key: []byte(id), Value: body, Headers: headers})
	}
	a.service.Log.Error().Int("partition", a.tenure.Partition).Int("alerts", len(ends)).Msg("alerts are ended whose records the log has lost")
	if _, err := a.tenure.Producer.Append(ctx, schemas.TopicAlerts, a.tenure.Partition, ends); err != nil {
		return err
	}
	if err := a.tenure.At("ended orphans"); err != nil {
		return err
	}
	_, err = a.tenure.Producer.Append(ctx, schemas.TopicAlertStates, a.tenure.Partition, states)
	return err
}

// openAlerts reads the latest state of every alert of the partition, and returns those that are
// open by their ids.
func (a *applier) openAlerts(ctx context.Context) (open map[string]*schemas.Alert, err error) {
	open = map[string]*schemas.Alert{}
	err = a.each(ctx, schemas.TopicAlertStates, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert || m.Value == nil {
			return nil
		}
		alert, err := schemas.DecodeAlert(m.Value)
		switch {
		case err != nil:
			return err
		case alert.Phase == schemas.PhaseEnd, slices.Contains(alert.Flags, alerts.FlagPassedOn): // the latter goes on in another partition
			delete(open, alert.ID)
		default:
			open[alert.ID] = alert
		}
		return nil
	})
	return open, err
}

// leaveRemade takes those alerts out of open that a rebuild from what is left of the log makes
// again. It is such a rebuild, in memory and without outputs.
func (a *applier) leaveRemade(ctx context.Context, open map[string]*schemas.Alert, first, next int64) error {
	state := monitor.NewPartition()
	state.SetGap(first - 1)
	judge := a.monitor
	var outputs []monitor.Output
	return a.each(ctx, schemas.TopicLog, func(m *schemas.Message) error {
		var record schemas.Record
		if ok, err := a.decode(&record, m); err != nil || !ok || m.Offset >= next {
			return err
		}
		var err error
		if record.Use != nil {
			if judge, err = a.service.judgeOf(ctx, *record.Use); err != nil {
				return err
			}
		}
		if outputs, err = judge.Step(state, &record, m.Offset, outputs[:0]); err != nil {
			return err
		}
		for i := range outputs {
			if outputs[i].Topic == schemas.TopicAlerts {
				delete(open, outputs[i].ID)
			}
		}
		return nil
	})
}

// each calls f with every record that is in a topic of the partition now.
func (a *applier) each(ctx context.Context, topic string, f func(*schemas.Message) error) error {
	first, next, err := a.service.Cluster.Ends(ctx, topic)
	if err != nil {
		return err
	}
	p := a.tenure.Partition
	for r := a.service.Cluster.NewReader(topic, p, first[p]); r.Next() < next[p]; {
		records, err := r.Read(ctx, 1000)
		if err != nil {
			return err
		}
		for i := range records {
			if records[i].Offset < next[p] {
				if err := f(&records[i]); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
