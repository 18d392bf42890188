package main

import (
	"context"
	"io"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/cmd/internal/progress"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// newWard gives a demo its view: where other commands reach it, and keys that answer alerts as these do.
func newWard(house *boot.House, plan *replay.Plan, o *demoOptions, out io.Writer, aside *bedside.Aside, start time.Time, quit context.CancelFunc) *bedside.Ward {
	ward := bedside.NewWard(house.Cluster, plan, out, o.summary == "json", start)
	at := " --brokers " + strings.Join(house.Cluster.Brokers, ",")
	if o.kafka.Prefix != "" {
		at += " --topic-prefix " + o.kafka.Prefix
	}
	ward.Next = []string{"vigil alerts tail" + at, "vigil deadletters tail --all" + at}
	ward.Model = modelName(house.Model)
	ward.Aside = aside
	ward.Quit = quit
	ward.Acknowledge = func(ctx context.Context, alert *schemas.Alert) error {
		return acknowledge(ctx, house.Cluster, alert)
	}
	return ward
}

// pace is how fast patients' time goes; 0 where that is as fast as it can.
func pace(speed replay.Speed) float64 {
	if speed == replay.Max {
		return 0
	}
	return float64(speed)
}

// modelName is a model's name in the binary; empty for any other, which is known by its hash.
func modelName(m *fusion.Model) string {
	for _, name := range fusion.ShippedNames() {
		if m != nil && m.Hash() == fusion.Named(name).Hash() {
			return name
		}
	}
	return ""
}

// acknowledge answers an alert as `vigil alerts ack` does.
func acknowledge(ctx context.Context, c *kafka.Cluster, alert *schemas.Alert) error {
	a := &answer{verb: alerts.VerbAcknowledge, wait: answerWait}
	if err := a.check(); err != nil {
		return err
	}
	_, err := a.tell(ctx, c, alert)
	return err
}

// barred is a ward whose run is shown on a bar, since a program reads what else would be written.
type barred struct {
	*bedside.Ward
	bar *progress.Bar
}

// Progress is for the player to call.
func (b barred) Progress(p replay.Progress) {
	b.Ward.Progress(p)
	onBar(b.bar)(p)
}

// Stop ends both.
func (b barred) Stop() {
	b.bar.Stop()
	b.Ward.Stop()
}
