package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// alertFilter says which alerts a person wants to see.
type alertFilter struct {
	patients []string
	severity string
	unit     string
	since    string

	from  int64             // appended at or after, in Unix milliseconds; 0: all
	units map[string]string // by patient; nil where no unit is asked for
}

// severities from the mildest on.
var severities = []string{"low", "medium", "high"}

// flags adds the filter's flags to a command.
func (f *alertFilter) flags(cmd *cobra.Command) {
	set := cmd.Flags()
	set.StringSliceVar(&f.patients, "patient", nil, "only those of these patients, for example site:42")
	set.StringVar(&f.severity, "severity", "", "only those of this severity or above: low, medium, high")
	set.StringVar(&f.unit, "unit", "", "only those of patients whose last movement was into this unit")
	set.StringVar(&f.since, "since", "", "only those told since then: 2h (before now) or 2026-01-01T08:00:00Z")
}

// check refuses what the flags cannot mean.
func (f *alertFilter) check(now time.Time) error {
	if f.severity != "" && !slices.Contains(severities, f.severity) {
		return boot.Usage(fmt.Errorf("--severity %q: want one of %s", f.severity, strings.Join(severities, ", ")))
	}
	for _, p := range f.patients {
		if !strings.Contains(p, ":") {
			return boot.Usage(fmt.Errorf("--patient %q: want domain:id, for example site:42", p))
		}
	}
	if f.since == "" {
		return nil
	}
	if d, err := time.ParseDuration(f.since); err == nil && d > 0 {
		f.from = now.Add(-d).UnixMilli()
		return nil
	}
	t, err := time.Parse(time.RFC3339, f.since)
	if err != nil {
		return boot.Usage(fmt.Errorf("--since %q: want how long ago, as 2h, or a time with its zone, as 2026-01-01T08:00:00Z", f.since))
	}
	f.from = t.UnixMilli()
	return nil
}

// learnUnits reads where the patients lie, if that is asked for.
func (f *alertFilter) learnUnits(ctx context.Context, c *kafka.Cluster) error {
	if f.unit == "" {
		return nil
	}
	f.units = map[string]string{}
	return c.Each(ctx, schemas.TopicADT, f.learnUnit)
}

// learnUnit notes the unit of a movement that names one.
func (f *alertFilter) learnUnit(m *schemas.Message) error {
	if kind, there := m.Header(schemas.HeaderType); there && kind != schemas.TypeADT {
		return nil
	}
	if e, problem := schemas.DecodeEvent(m); problem == nil && e.ADT.Unit != "" { // of the others intake tells the dead letter
		f.units[e.Patient] = e.ADT.Unit
	}
	return nil
}

// wants says whether an alert is to be shown.
func (f *alertFilter) wants(m *schemas.Message, a *schemas.Alert) bool {
	return (len(f.patients) == 0 || slices.Contains(f.patients, a.Patient)) &&
		slices.Index(severities, a.Severity) >= slices.Index(severities, f.severity) &&
		(f.unit == "" || strings.EqualFold(f.units[a.Patient], f.unit)) &&
		m.Appended >= f.from
}
