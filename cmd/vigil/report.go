package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// report reads the topics back into the summary, writes the export and prints the
// summary where asJSON.
func report(ctx context.Context, c *kafka.Cluster, s *summary, run, export string, asJSON bool, start time.Time, stdout io.Writer) error {
	outputs, err := newTally(run).read(ctx, c, s)
	if err != nil {
		return boot.Failure(fmt.Errorf("reading the topics back: %w", err))
	}
	if export != "" {
		if err := exportOutputs(export, outputs); err != nil {
			return boot.Failure(err)
		}
	}
	if !asJSON {
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
func sayUnmapped(w io.Writer, codes []source.CodeCount) {
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

func rowsOf(r source.RowCount) summaryRows {
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

// exportTopic writes the bodies of one topic's outputs, one a line, and renames
// the file into place once it is whole.
func exportTopic(dir, name, topic string, outputs []output) error {
	f, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range outputs {
		if outputs[i].topic == topic {
			_, _ = w.Write(outputs[i].body) // a failed write stays with the writer until Flush
			_ = w.WriteByte('\n')
		}
	}
	if err := w.Flush(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return err
	}
	return os.Rename(f.Name(), filepath.Join(dir, name))
}
