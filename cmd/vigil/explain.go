package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/fusion/train"
	"github.com/vigil-icu/vigil/ingest/source"
	"github.com/vigil-icu/vigil/schemas"
)

// explainOptions are the flags of `vigil explain`.
type explainOptions struct {
	model, data, patient, at string
	hour                     float64
	json                     bool
}

// mostDrivers is how many are told.
const mostDrivers = 8

// explainCommand gives the user what drove a risk: the parts without which it would be another.
func explainCommand() *cobra.Command {
	var o explainOptions
	cmd := &cobra.Command{
		Use: "explain PATIENT --data DIR --at TIME", Short: "Say what drove the model's risk of a recorded patient at a time, and what changed in an hour",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return boot.Usage(fmt.Errorf("`vigil explain` takes one patient, found %d: see `vigil explain --help`", len(args)))
			}
			return nil
		},
		Example: `  vigil explain physionet2012:132540 --data physionet2012 --hour 24
  vigil explain mimic-iv:10002428 --data mimic-iv-demo --at 2156-04-13T04:00:00Z --json`,
		Long: `Each modality, channel and static is withheld in turn, as if nobody had sent it, and the model
is asked again: what a part does is the risk less what it would be without it. Parts act
together, so that these numbers need not add up. Vigil is ` + schemas.Notice + `.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.patient = args[0]
			return runExplain(cmd.Context(), o, cmd.OutOrStdout())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.model, "model", fusion.OpenICU, "model file, or the name of one in the binary")
	f.StringVar(&o.data, "data", "", "folder or archive of recorded stays")
	f.StringVar(&o.at, "at", "", "time, as 2156-04-13T04:00:00Z")
	f.Float64Var(&o.hour, "hour", 0, "in place of --at: hours after the admission of the first stay")
	f.BoolVar(&o.json, "json", false, "as JSON")
	return cmd
}

// explained is what --json prints.
type explained struct {
	Patient string          `json:"patient"`
	Stay    string          `json:"stay"`
	AsOf    schemas.Time    `json:"as_of"`
	Model   string          `json:"model"`
	Task    string          `json:"task"`
	Risk    float32         `json:"risk"`
	Drivers []fusion.Driver `json:"drivers"`
	// Before is the risk an hour before, null in the first hour, and Changed what the drivers
	// do more or less than then.
	Before  *float32        `json:"risk_an_hour_before"`
	Changed []fusion.Driver `json:"changed,omitempty"`
	Notice  string          `json:"notice"`
}

// runExplain is the whole command.
func runExplain(ctx context.Context, o explainOptions, stdout io.Writer) error {
	if o.data == "" || (o.at == "") == (o.hour == 0) {
		return boot.Usage(errors.New("`vigil explain` wants --data, and --at or --hour: see `vigil explain --help`"))
	}
	var at schemas.Time
	if o.at != "" {
		var err error
		if at, err = schemas.ParseTime(o.at, nil); err != nil {
			return boot.Usage(fmt.Errorf("--at: %w", err))
		}
	}
	model, _, err := boot.LoadFiles(o.model, "")
	if err != nil {
		return err
	}
	task := -1
	if model != nil {
		task = slices.IndexFunc(model.Config().Tasks, func(t fusion.Task) bool { return t.Kind == fusion.TaskBinary && t.Report == fusion.ReportRisk })
	}
	if task < 0 {
		return boot.Usage(fmt.Errorf("--model %s: it has no risk to explain", o.model))
	}
	recorded, err := openRecorded(o.data)
	if err != nil {
		return err
	}
	first := true
	stay, inputs, err := train.InputsAt(ctx, recorded, model, o.patient, func(s source.Stay) []schemas.Time {
		moment := at
		if o.at == "" {
			if moment = s.Admit + schemas.Time(o.hour*float64(schemas.Hour)); !first {
				return nil
			}
		}
		first = false
		switch {
		case moment <= s.Admit || s.End != 0 && moment > s.End:
			return nil
		case moment-schemas.Hour <= s.Admit:
			at = moment
			return []schemas.Time{moment}
		}
		at = moment
		return []schemas.Time{moment - schemas.Hour, moment}
	})
	if err != nil {
		return interruptedOr(ctx, boot.Usage(err))
	}
	scratch := fusion.NewScratch(model)
	e := explained{Patient: o.patient, Stay: stay.ID, AsOf: at, Model: model.Hash(), Task: model.Config().Tasks[task].Name, Notice: schemas.Notice}
	risk, drivers := model.Withhold(scratch, inputs[len(inputs)-1], task)
	e.Risk = risk
	if len(inputs) == 2 {
		before, was := model.Withhold(scratch, inputs[0], task)
		e.Before, e.Changed = &before, changed(drivers, was)
	}
	e.Drivers = drivers[:min(len(drivers), mostDrivers)]
	if o.json {
		return json.NewEncoder(stdout).Encode(e)
	}
	return printExplained(stdout, &e)
}

// changed is what drivers do more or less than before, the greatest change first.
func changed(now, before []fusion.Driver) []fusion.Driver {
	list := slices.Clone(now)
	for _, b := range before {
		i := slices.IndexFunc(list, func(d fusion.Driver) bool { return d.Kind == b.Kind && d.Name == b.Name })
		if i < 0 {
			list = append(list, fusion.Driver{Kind: b.Kind, Name: b.Name})
			i = len(list) - 1
		}
		list[i].Effect -= b.Effect
	}
	list = slices.DeleteFunc(list, func(d fusion.Driver) bool { return d.Effect == 0 })
	slices.SortStableFunc(list, func(a, b fusion.Driver) int {
		switch x, y := max(a.Effect, -a.Effect), max(b.Effect, -b.Effect); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return list[:min(len(list), mostDrivers)]
}

// printExplained prints it for people.
func printExplained(w io.Writer, e *explained) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, stay %s, %s: %s %.3f", e.Patient, e.Stay, e.AsOf, e.Task, e.Risk)
	if e.Before != nil {
		fmt.Fprintf(&b, ", an hour before %.3f", *e.Before)
	}
	b.WriteString("\n")
	table := func(title string, list []fusion.Driver) {
		fmt.Fprintf(&b, "\n%s\n", title)
		t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
		for _, d := range list {
			fmt.Fprintf(t, "%+.3f\t%s\t%s\n", d.Effect, d.Kind, d.Name)
		}
		t.Flush()
	}
	table("the risk less what it would be without", e.Drivers)
	if e.Before != nil {
		table("more or less than an hour before", e.Changed)
	}
	fmt.Fprintf(&b, "\n%s\n", e.Notice)
	_, err := io.WriteString(w, b.String())
	return err
}
