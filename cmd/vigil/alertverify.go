package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/evidence"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// alertsVerify lets a user make an alert anew from the log, on any machine, and see whether it is the same.
func alertsVerify() *cobra.Command {
	var (
		k             boot.Kafka
		model, policy string
		known         []string
	)
	cmd := &cobra.Command{
		Use: "verify ID", Short: "Make an alert anew from the patient log, and compare it bit for bit; exit 4 if it is another",
		Example: `  vigil alerts verify 3f9a1c20b7d4
  vigil alerts verify 3f9a1c20b7d4 --brokers kafka:9092 --known policy-of-may.yaml`,
		Long: `Reads the partition of the log in which the alert's patient is, from its beginning, and steps it
here, without the store of the workers: by the model, the policy and the settings that the log
names. All revisions of the alert, and the scores that they name, must be the same bytes as those
that were told. Models and policies that are not shipped are named with --model, --policy, --known.

Vigil is ` + schemas.Notice + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return boot.Usage(fmt.Errorf("`%s` wants one ID, as `vigil alerts tail` prints it, found %d: see `%s --help`", cmd.CommandPath(), len(args), cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			m, p, err := boot.LoadFiles(model, policy)
			if err != nil {
				return err
			}
			shelf, err := boot.Shelf(m, p, known)
			if err != nil {
				return err
			}
			c, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer c.Close()
			return verifyAlert(cmd.Context(), c, args[0], shelf, cmd.OutOrStdout())
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	f := cmd.Flags()
	f.StringVar(&model, "model", "", "model file, or the name of one in the binary; without it "+fusion.OpenICU)
	f.StringVar(&policy, "policy", "", "policy file; without it the shipped one")
	f.StringSliceVar(&known, "known", nil, "model (*.safetensors) and policy files of before a switch; those shipped are known")
	return cmd
}

// told is what was told of an alert: its revisions, the scores that they name, and of whom they are.
type told struct {
	revisions, scores [][]byte
	patients          []string
}

// verifyAlert makes an alert anew and compares.
func verifyAlert(ctx context.Context, c *kafka.Cluster, id string, shelf monitor.Shelf, stdout io.Writer) error {
	last, err := findAlert(ctx, c, id)
	if err != nil {
		return err
	}
	was, wanted, err := toldOf(ctx, c, last.ID)
	if err != nil {
		return interruptedOr(ctx, boot.Dependency(err))
	}
	made, records, err := makeAnew(ctx, c, last.ID, was.patients, wanted, shelf)
	switch {
	case errors.Is(err, evidence.ErrNotKnown):
		return boot.Usage(err)
	case err != nil:
		return interruptedOr(ctx, boot.Dependency(err))
	}
	for _, of := range []struct {
		what      string
		was, made [][]byte
	}{{"alert", was.revisions, made.revisions}, {"scores of alert", was.scores, made.scores}} {
		if d := evidence.Compare(of.was, of.made); d != nil {
			return boot.Problems(fmt.Errorf("%s %s: not the same: %s; was the log cut (retention), or were the risks computed by other kernels?", of.what, last.ID, d))
		}
	}
	_, err = fmt.Fprintf(stdout, "alert %s: %d revisions and %d scores made anew from %d records of the log, the same to the last byte (policy %.12s, model %.12s)\n",
		last.ID, len(made.revisions), len(made.scores), records, last.Policy, last.Model)
	return err
}

// toldOf reads the revisions of an alert, once each, and the scores that they name.
func toldOf(ctx context.Context, c *kafka.Cluster, id string) (*told, map[string]bool, error) {
	t := &told{}
	wanted := map[string]bool{} // ids of scores
	seen := map[string]bool{}
	err := c.Each(ctx, schemas.TopicAlerts, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert || seen[string(m.Value)] {
			return nil
		}
		if of, _ := m.Header(schemas.HeaderID); of != "" && of != id {
			return nil
		}
		a, err := schemas.DecodeAlert(m.Value)
		if err != nil || a.ID != id {
			return err
		}
		seen[string(m.Value)] = true
		t.revisions = append(t.revisions, slices.Clone(m.Value))
		if !slices.Contains(t.patients, a.Patient) {
			t.patients = append(t.patients, a.Patient)
		}
		if a.Score != "" {
			wanted[a.Score] = true
		}
		return nil
	})
	if err == nil {
		err = c.Each(ctx, schemas.TopicScores, func(m *schemas.Message) error {
			of, _ := m.Header(schemas.HeaderID)
			if kind, _ := m.Header(schemas.HeaderType); kind == schemas.TypeScore && wanted[of] && !seen[of] {
				seen[of] = true
				t.scores = append(t.scores, slices.Clone(m.Value))
			}
			return nil
		})
	}
	slices.SortStableFunc(t.revisions, byRevision)
	return t, wanted, err
}

// byRevision orders the bodies of an alert's revisions: of one that went from a patient to another they are in two
// partitions.
func byRevision(a, b []byte) int {
	x, _ := schemas.DecodeAlert(a)
	y, _ := schemas.DecodeAlert(b)
	if x == nil || y == nil {
		return 0
	}
	return x.Revision - y.Revision
}

// makeAnew steps the log of the patients and keeps what an alert is told by. records is how many records of the
// log were read.
func makeAnew(ctx context.Context, c *kafka.Cluster, id string, patients []string, scores map[string]bool, shelf monitor.Shelf) (made *told, records int, err error) {
	first, next, err := c.Ends(ctx, schemas.TopicLog)
	if err != nil {
		return nil, 0, err
	}
	made = &told{}
	var numbers []int // of the partitions
	for _, patient := range patients {
		if n := kafka.PartitionOf([]byte(patient), len(next)); !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	for _, number := range numbers {
		anew := evidence.New(number, patients, shelf)
		reader := c.NewReader(schemas.TopicLog, number, first[number])
		for reader.Next() < next[number] {
			batch, err := reader.Read(ctx, 10_000)
			if err != nil {
				return nil, records, err
			}
			for i := range batch {
				records++
				outputs, err := anew.Take(ctx, &batch[i])
				if err != nil {
					return nil, records, err
				}
				for j := range outputs {
					switch o := &outputs[j]; {
					case o.Topic == schemas.TopicAlerts && o.ID == id:
						made.revisions = append(made.revisions, slices.Clone(o.Value))
					case o.Topic == schemas.TopicScores && scores[o.ID]:
						made.scores = append(made.scores, slices.Clone(o.Value))
					}
				}
			}
		}
	}
	slices.SortStableFunc(made.revisions, byRevision)
	return made, records, nil
}
