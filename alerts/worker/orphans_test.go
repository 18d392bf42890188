package worker

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/internal/history"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
)

// The log was cut and the store is lost: alerts that nobody knows any more are ended under their
// id, once, also where the owner dies in between; those that the rest of the log tells go on.
func TestAlertsOfALostPastAreEnded(t *testing.T) {
	w := newWorld(t, broker(t), "orphans-")
	records := history.Make(11, 400, 6, false)
	w.write(t, records[:300])
	w.drain(t, memstore.New())
	// What is open, by where it was revised last.
	states := func() (open, ended map[string]*schemas.Alert) {
		t.Helper()
		open, ended = map[string]*schemas.Alert{}, map[string]*schemas.Alert{}
		all, err := w.cluster.LastRecords(t.Context(), schemas.TopicAlertStates, 0, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		for i := range all {
			if kind, _ := all[i].Header(schemas.HeaderType); kind != schemas.TypeAlert {
				continue
			}
			alert, err := schemas.DecodeAlert(all[i].Value)
			if err != nil {
				t.Fatal(err)
			}
			delete(open, alert.ID)
			switch lost := strings.Contains(alert.Reason, "is lost"); {
			case slices.Contains(alert.Flags, alerts.FlagPassedOn): // to another id, in its partition
			case alert.Phase != schemas.PhaseEnd:
				open[alert.ID] = alert
			case lost && ended[alert.ID] != nil && ended[alert.ID].Revision != alert.Revision:
				t.Errorf("alert %s ends with revisions %d and %d", alert.ID, ended[alert.ID].Revision, alert.Revision)
			case lost:
				ended[alert.ID] = alert
			}
		}
		return open, ended
	}
	before, _ := states()
	if len(before) < 2 {
		t.Fatalf("%d open alerts: the history tests too little", len(before))
	}
	brokers := w.cluster.Brokers
	if err := realkafka.DeleteRecords(t.Context(), brokers, w.cluster.Prefix+schemas.TopicLog, 0, w.next-20); err != nil {
		t.Fatal(err)
	}

	s := w.service(memstore.New())
	s.cut = func(point string) error {
		if point == "ended orphans" {
			return errCrash
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Own(ctx, 0, nil); !errors.Is(err, errCrash) {
		t.Fatalf("Own = %v, want a crash behind the first ends", err)
	}
	w.drain(t, memstore.New())
	_, ended := states()
	for id, was := range before {
		now := ended[id]
		switch {
		case now == nil:
			t.Errorf("alert %s of %s stays open for ever", id, was.Task)
		case now.Revision != was.Revision+1 || now.Flags[len(now.Flags)-1] != monitor.FlagGap:
			t.Errorf("alert %s ends as %+v behind revision %d", id, now, was.Revision)
		}
	}
	// What comes now opens alerts that the rest of the log tells, also to the next who lose it.
	w.write(t, records[300:])
	w.drain(t, memstore.New())
	open, _ := states()
	if len(open) == 0 {
		t.Fatal("nothing is open behind the loss: the history tests too little")
	}
	w.drain(t, memstore.New())
	if after, _ := states(); len(after) != len(open) {
		t.Errorf("%d alerts are open, %d after another loss of the store", len(open), len(after))
	}
}
