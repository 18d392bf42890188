package monitor

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/fusion"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// This file is about what a log asks to be judged by: a record of kind schemas.KindUse names
// model, policy and settings, and holds from its place on until the next one.

// ErrUnknownUse is wrapped by the error of Step where the log asks for a model, a policy or
// settings that this monitor does not have, in this record or an earlier one. The monitor must
// not go on with others, since the log alone decides what its records are judged by.
var ErrUnknownUse = errors.New("the log asks for another model, policy or settings")

// Use is what a log must ask for so that this monitor serves it.
func (m *Monitor) Use() schemas.Use {
	u := schemas.Use{Model: schemas.NoModel, Policy: m.Policy.Hash(), Settings: m.Settings.String()}
	if m.Model != nil {
		u.Model = m.Model.Hash()
	}
	return u
}

// Has says whether a log that asks for u can be served by this monitor. What is empty in u is
// not asked for.
func (m *Monitor) Has(u schemas.Use) bool { return m.refuse(u, 0) == nil }

// Asks is what the log asks for where the partition stands.
func (s *Partition) Asks() schemas.Use {
	policy, settings, _ := strings.Cut(s.use.policy, " ")
	return schemas.Use{Model: s.use.model, Policy: policy, Settings: settings}
}

// AskFor notes what the log asks for where the partition goes on, as a record at an offset in
// front of that tells. What a rebuild has not read, it must be told.
func (s *Partition) AskFor(u schemas.Use, at int64) {
	s.use = use{at: at, model: u.Model, policy: u.Policy, gap: s.use.gap}
	if u.Settings != "" {
		s.use.policy += " " + u.Settings
	}
}

// checkUse returns ErrUnknownUse if the log has asked for what the monitor does not have. A
// use record is excepted, because it may ask for something that it has.
func (m *Monitor) checkUse(s *Partition, rec *schemas.Record) error {
	if rec.Kind == schemas.KindUse || s.use.at < 0 || s.use.servedBy == m {
		return nil
	}
	if err := m.refuse(s.Asks(), s.use.at); err != nil {
		return err
	}
	s.use.servedBy = m
	return nil
}

// acceptUse notes what the log asks for from this offset on, if the monitor has it.
func (m *Monitor) acceptUse(s *Partition, u *schemas.Use, offset int64) error {
	if u == nil {
		return nil
	}
	if err := m.refuse(*u, offset); err != nil {
		return err
	}
	s.AskFor(*u, offset)
	return nil
}

// refuse returns ErrUnknownUse if the monitor does not have what the log asks for at an offset.
func (m *Monitor) refuse(u schemas.Use, at int64) error {
	here := m.Use()
	for _, part := range [...]struct{ name, asked, here string }{
		{"model", u.Model, here.Model}, {"policy", u.Policy, here.Policy}, {"settings", u.Settings, here.Settings},
	} {
		if part.asked != part.here && !isShort(part.asked, part.here) {
			return fmt.Errorf("%w: at offset %d it asks for %s %s, this monitor has %s: start it with that; a model that a command asked for is found again after vigil model use FILE; what stands in front of a switch wants the files of before, --known FILE", ErrUnknownUse, at, part.name, part.asked, part.here)
		}
	}
	return nil
}

// isShort says whether what is asked for is what is here: nothing, or the first 16 digits or more
// of a hash, which is what each batch of the log repeats.
func isShort(asked, here string) bool {
	return asked == "" || len(asked) >= 16 && len(here) == 64 && strings.HasPrefix(here, asked)
}

// Shelf has models and policies that logs may have asked for before: what lies in front of a
// switch is judged by them.
type Shelf struct {
	Models   []*fusion.Model
	Policies []*alerts.Policy
}

// Find makes a monitor that a log which asks for u can be served by, nil where the shelf
// lacks a part of it.
func (f *Shelf) Find(u schemas.Use) *Monitor {
	settings, err := parseSettings(u.Settings)
	if err != nil {
		return nil
	}
	models := f.Models
	if u.Model == schemas.NoModel {
		models = []*fusion.Model{nil}
	}
	for _, model := range models {
		for _, policy := range f.Policies {
			if m := (&Monitor{Model: model, Policy: policy, Settings: settings}); m.Has(u) {
				return m
			}
		}
	}
	return nil
}

// TakeOver makes of a partition, whose changes the store has, one that this monitor goes on
// with: what another one kept in memory for its model and its policy is left behind.
func (m *Monitor) TakeOver(s *Partition, stored *window.StoredPartition) (*Partition, error) {
	fresh, err := m.LoadPartition(stored)
	if err != nil {
		return nil, err
	}
	fresh.use, fresh.liveClock, fresh.counts = s.use, s.liveClock, s.counts
	return fresh, nil
}

// String writes the settings as a use record names them: all of them, also those that are
// not set, in the order of their names, and of the limits those that are not the shipped ones,
// so that settings that do the same are the same text.
func (s Settings) String() string {
	inputs := s.Inputs
	if inputs == "" {
		inputs = InputsAll
	}
	return fmt.Sprintf("inputs=%s score_interval=%s", inputs, time.Duration(s.interval())*time.Millisecond) + s.Limits.String()
}

// parseSettings reads what String writes. No text are the settings that are not set.
func parseSettings(text string) (s Settings, err error) {
	for _, field := range strings.Fields(text) {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "inputs":
			s.Inputs = Inputs(value)
		case "score_interval":
			d, err := time.ParseDuration(value)
			if err != nil {
				return s, fmt.Errorf("settings %q: %w", text, err)
			}
			if s.ScoreInterval = schemas.Time(d.Milliseconds()); d == 0 {
				s.ScoreInterval = EveryRecord
			}
		default:
			if err := s.Limits.Set(field); err != nil {
				return s, fmt.Errorf("settings %q are not known to this version: %w", text, err)
			}
		}
	}
	return s, s.Validate()
}
