package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts/evaluate"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// reportOptions are the flags of `vigil alerts report`.
type reportOptions struct {
	kafka  boot.Kafka
	folder string
	data   []string
	json   bool
}

// alertsReport tells a user what the alerts of each rule were worth.
func alertsReport() *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use: "report", Short: "Say what the alerts of each rule were worth: how many, answers, verdicts, PPV, recall", Args: noArgs,
		Example: `  vigil alerts report
  vigil alerts report --brokers kafka:9092 --json
  vigil alerts report --folder exported --data mimic-iii-demo`,
		Long: `Joins alerts and what people answered to the scores, whose full hours are the patient-days, and to
what came of the stays: by the deaths and discharges on the topic of movements, and by the outcomes
of recorded stays that --data names. --folder reads scores.jsonl and alerts.jsonl, as --export of
demo and replay writes them, in place of a Kafka.

A verdict counts by its first word: useful (true, yes), not useful (false, no), known.

Vigil is ` + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := o.report(cmd)
			if err != nil {
				return err
			}
			if o.json {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(r)
			}
			return r.WriteText(cmd.OutOrStdout())
		},
	}
	kafkaFlags(cmd, &o.kafka, defaultBrokers, "all topic names")
	f := cmd.Flags()
	f.StringVar(&o.folder, "folder", "", "folder with scores.jsonl and alerts.jsonl, in place of a Kafka")
	f.StringSliceVar(&o.data, "data", nil, "folder or archive of recorded stays, whose outcomes count too")
	f.BoolVar(&o.json, "json", false, "one JSON object on stdout")
	return cmd
}

// report is the whole command.
func (o *reportOptions) report(cmd *cobra.Command) (*evaluate.UsefulnessReport, error) {
	ctx := cmd.Context()
	u := evaluate.NewUsefulness()
	patients := map[string][]string{} // as they were scored, by their id without a run
	if o.folder != "" {
		if err := o.readFolder(u, patients); err != nil {
			return nil, boot.Usage(err)
		}
	} else {
		c, err := reachWatched(cmd, &o.kafka)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		if err := readTopics(ctx, c, u, patients); err != nil {
			return nil, interruptedOr(ctx, boot.Dependency(err))
		}
	}
	for _, path := range o.data {
		recorded, outcome, _, err := openJudged(path)
		if err != nil {
			return nil, boot.Usage(err)
		}
		for p, err := range recorded.Patients(ctx) {
			if err != nil {
				return nil, interruptedOr(ctx, boot.Failure(err))
			}
			for _, s := range p.Stays {
				if of, ok := outcome(s); ok {
					for _, id := range patients[p.ID] {
						u.Outcome(id, s.ID, of.Died)
					}
				}
			}
		}
	}
	return u.Report(), nil
}

// seenPatient notes the id of a patient.
func seenPatient(patients map[string][]string, id string) {
	bare := withoutRun(id)
	for _, known := range patients[bare] {
		if known == id {
			return
		}
	}
	patients[bare] = append(patients[bare], id)
}

// withoutRun is a patient's id without the name of the run.
func withoutRun(patient string) string {
	domain, id, _ := strings.Cut(patient, ":")
	if _, bare, named := strings.Cut(domain, "/"); named {
		return bare + ":" + id
	}
	return patient
}

// readFolder reads what was exported.
func (o *reportOptions) readFolder(u *evaluate.Usefulness, patients map[string][]string) error {
	for _, of := range []struct {
		name string
		take func([]byte) error
	}{
		{"scores.jsonl", func(line []byte) error { return takeScore(u, patients, line) }},
		{"alerts.jsonl", func(line []byte) error { return takeAlert(u, patients, line) }},
	} {
		f, err := os.Open(filepath.Join(o.folder, of.name))
		if err != nil {
			return err
		}
		lines := bufio.NewScanner(f)
		lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
		n := 0
		for lines.Scan() {
			n++
			if line := bytes.TrimSpace(lines.Bytes()); len(line) > 0 {
				if err := of.take(line); err != nil {
					f.Close()
					return fmt.Errorf("%s line %d: %w", of.name, n, err)
				}
			}
		}
		if err := errors.Join(lines.Err(), f.Close()); err != nil {
			return fmt.Errorf("%s: %w", of.name, err)
		}
	}
	return nil
}

func takeScore(u *evaluate.Usefulness, patients map[string][]string, body []byte) error {
	s, err := schemas.DecodeScore(body)
	if err != nil {
		return err
	}
	if s.Patient == "" || s.Stay == "" {
		return errors.New("this is no score: patient or stay is missing")
	}
	seenPatient(patients, s.Patient)
	u.Score(s)
	return nil
}

func takeAlert(u *evaluate.Usefulness, patients map[string][]string, body []byte) error {
	a, err := schemas.DecodeAlert(body)
	if err != nil {
		return err
	}
	if a.ID == "" || a.Patient == "" {
		return errors.New("this is no alert: id or patient is missing")
	}
	seenPatient(patients, a.Patient)
	u.Alert(a)
	return nil
}

// readTopics reads scores, alerts, and deaths and discharges.
func readTopics(ctx context.Context, c *kafka.Cluster, u *evaluate.Usefulness, patients map[string][]string) error {
	for _, of := range []struct {
		topic, kind string
		take        func(*schemas.Message) error
	}{
		{schemas.TopicScores, schemas.TypeScore, func(m *schemas.Message) error { return takeScore(u, patients, m.Value) }},
		{schemas.TopicAlerts, schemas.TypeAlert, func(m *schemas.Message) error { return takeAlert(u, patients, m.Value) }},
		{schemas.TopicADT, schemas.TypeADT, func(m *schemas.Message) error {
			e, problem := schemas.DecodeEvent(m) // what is wrong with it intake has told
			if problem != nil || e.ADT == nil || e.ADT.Stay == "" {
				return nil
			}
			switch e.ADT.Type {
			case "death", "discharge":
				u.Outcome(e.Patient, e.ADT.Stay, e.ADT.Type == "death")
			case "cancel-discharge", "cancel":
				u.NoOutcome(e.Patient, e.ADT.Stay)
			}
			return nil
		}},
	} {
		err := c.Each(ctx, of.topic, func(m *schemas.Message) error {
			if kind, there := m.Header(schemas.HeaderType); there && kind != of.kind || !there && of.topic != schemas.TopicADT {
				return nil
			}
			if err := of.take(m); err != nil {
				return fmt.Errorf("%s: %w", schemas.Place(m.Topic, m.Partition, m.Offset), err)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
