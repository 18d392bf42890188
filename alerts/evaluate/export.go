package evaluate

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// Report reads the topics of a run back into the summary and, where export names a folder,
// writes the outputs there. run is the name of the run, empty for a run without one. An
// error says whether reading or writing failed.
func Report(ctx context.Context, c *kafka.Cluster, s *Summary, run, export string) error {
	outputs, err := NewTally(run).Read(ctx, c, s)
	if err != nil {
		return fmt.Errorf("reading the topics back: %w", err)
	}
	if export == "" {
		return nil
	}
	return Export(export, outputs)
}

// Export writes scores.jsonl and alerts.jsonl into a folder, one body a line in the order of
// the outputs. It makes the folder if there is none, and replaces files of those names. A
// file is there whole or not at all.
func Export(dir string, outputs []Output) error {
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

// exportTopic writes the bodies of one topic's outputs and renames the file into place once
// it is whole, so that a program that waits for it never reads half of one.
func exportTopic(dir, name, topic string, outputs []Output) error {
	f, err := os.CreateTemp(dir, name+".*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	w := bufio.NewWriterSize(f, 1<<20)
	for i := range outputs {
		if outputs[i].Topic == topic {
			_, _ = w.Write(outputs[i].Body) // a failed write stays with the writer until Flush
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

// SayUnmapped prints how many rows have a code that the channel table does not know, so that a site
// sees what of its data goes unused; with list the commonest of those codes too, one a line. It prints nothing where
// there are none.
func SayUnmapped(w io.Writer, rows source.RowCount, list bool) {
	if len(rows.UnmappedCodes) == 0 {
		return
	}
	if !list {
		fmt.Fprintf(w, "%d of %d rows have a code without a channel: --unmapped lists the commonest\n", rows.Unmapped, rows.Read)
		return
	}
	fmt.Fprintf(w, "%d of %d rows have a code without a channel; the %d commonest:\n", rows.Unmapped, rows.Read, len(rows.UnmappedCodes))
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "rows\tcode\t  label\n")
	for _, c := range rows.UnmappedCodes {
		fmt.Fprintf(t, "%d\t%s\t  %s\n", c.Count, c.Code, c.Label)
	}
	_ = t.Flush()
}
