package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// report reads the topics back, writes the export and prints the summary.
func report(ctx context.Context, o demoOptions, src replay.Source, house *boot.House, plan *replay.Plan, ward *ward, start time.Time, stdout io.Writer) error {
	s := &summary{
		Source: src.Name(), Broker: house.BrokerKind(), Store: house.StoreKind(),
		Model: summaryModel{house.Model.Hash(), house.Model.Trained()}, Rows: rowsOf(plan.Rows), FirstAlertMS: ward.firstAlert(start),
	}
	outputs, err := newTally().read(ctx, house.Cluster, s)
	if err != nil {
		return boot.Failure(fmt.Errorf("reading the topics back: %w", err))
	}
	if o.export != "" {
		if err := exportOutputs(o.export, outputs); err != nil {
			return boot.Failure(err)
		}
	}
	if o.summary != "json" {
		return nil
	}
	s.WallMS = time.Since(start).Milliseconds()
	line, err := json.Marshal(s)
	if err != nil {
		return boot.Failure(err)
	}
	_, err = fmt.Fprintf(stdout, "%s\n", line)
	return err
}

// sayUnmapped prints the commonest codes that the channel table does not know.
func sayUnmapped(w io.Writer, codes []replay.CodeCount) {
	if len(codes) == 0 {
		return
	}
	fmt.Fprintf(w, "codes without a channel, the %d commonest:", len(codes))
	for _, c := range codes {
		fmt.Fprintf(w, " %s", c.Code)
		if c.Label != "" {
			fmt.Fprintf(w, " (%s)", c.Label)
		}
		fmt.Fprintf(w, " %d;", c.Count)
	}
	fmt.Fprintln(w)
}

func rowsOf(r replay.RowCount) summaryRows {
	rows := summaryRows{
		Read: r.Read, Used: r.Used, Unmapped: r.Unmapped, Duplicate: r.Duplicate, Rejected: r.Rejected,
		RejectedBy: map[string]int{}, RecordedTimes: r.RecordedTimes, ModelledTimes: r.ModelledTimes,
	}
	for reason, n := range r.RejectedBy {
		rows.RejectedBy[string(reason)] = n
	}
	return rows
}

// exportOutputs writes the two topics as JSON lines, in the order of the digest.
func exportOutputs(dir string, outputs []output) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("--export: %w", err)
	}
	for topic, name := range map[string]string{schemas.TopicScores: "scores.jsonl", schemas.TopicAlerts: "alerts.jsonl"} {
		if err := exportTopic(dir, name, topic, outputs); err != nil {
			return fmt.Errorf("--export: %w", err)
		}
	}
	return nil
}
