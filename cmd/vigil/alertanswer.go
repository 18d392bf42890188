package main

import (
	"context"
	"errors"
	"fmt"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/bedside"
	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// answer is what a person says to an alert.
type answer struct {
	kafka  boot.Kafka
	verb   string // of package alerts
	reason string
	actor  string
	lasts  time.Duration // of a snooze
	wait   time.Duration
}

// answerWait is how long an answer waits for the revision that tells it.
const answerWait = 10 * time.Second

// alertsAck gives a person the way to say that an alert was seen.
func alertsAck() *cobra.Command {
	a := &answer{verb: alerts.VerbAcknowledge}
	return a.command("ack ID", "Say that you have seen an alert; it stays open", `  vigil alerts ack 3f9a1c20b7d4
  vigil alerts ack 3f9a1c20b7d4 --reason "on my way"`)
}

// alertsSnooze gives a person the way to keep an alert quiet for a while.
func alertsSnooze() *cobra.Command {
	a := &answer{verb: alerts.VerbSnooze}
	cmd := a.command("snooze ID", "Keep an open alert quiet for a while; it wants a reason", `  vigil alerts snooze 3f9a1c20b7d4 --for 1h --reason "physiotherapy"`)
	cmd.Flags().DurationVar(&a.lasts, "for", 30*time.Minute, "how long; the policy has a longest (snooze.max)")
	return cmd
}

// alertsVerdict gives a person the way to say what an alert was worth.
func alertsVerdict() *cobra.Command {
	a := &answer{verb: alerts.VerbVerdict}
	return a.command("verdict ID", "Say what an alert was worth, also after its end; it wants a reason", `  vigil alerts verdict 3f9a1c20b7d4 --reason "false: the lead was off"`)
}

// command is the command of a verb.
func (a *answer) command(use, short, example string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example,
		Long: `ID is that of the alert, or as many of its first letters as tell it from others: vigil alerts tail
prints them. The exit code is 0 when the alert's next revision tells the answer, 2 where there is no
such alert or an answer says too little, 3 where a broker is away, 4 where the alert has ended
or no revision came.

Vigil is ` + schemas.Notice + ".",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return boot.Usage(fmt.Errorf("`%s` wants one ID, as `vigil alerts tail` prints it, found %d: see `%s --help`", cmd.CommandPath(), len(args), cmd.CommandPath()))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.give(cmd, args[0])
		},
	}
	kafkaFlags(cmd, &a.kafka, defaultBrokers, "all topic names")
	f := cmd.Flags()
	f.StringVar(&a.reason, "reason", "", "why, in your words")
	f.StringVar(&a.actor, "actor", "", "who answers; without it your name on this machine")
	f.DurationVar(&a.wait, "wait", answerWait, "how long to wait for the alert's next revision; 0s: not at all")
	return cmd
}

// check refuses an answer that says too little, before anything is reached.
func (a *answer) check() error {
	if a.reason = strings.TrimSpace(a.reason); a.reason == "" && a.verb != alerts.VerbAcknowledge {
		return boot.Usage(fmt.Errorf("--reason is missing: a %s wants one, as --reason \"physiotherapy\"", a.verb))
	}
	switch {
	case a.verb == alerts.VerbSnooze && a.lasts <= 0:
		return boot.Usage(fmt.Errorf("--for %s: want a time above 0, for example 30m", a.lasts))
	case a.wait < 0:
		return boot.Usage(fmt.Errorf("--wait %s: want 0s or more, for example 10s", a.wait))
	}
	if a.actor == "" {
		who, err := user.Current()
		if err != nil || who.Username == "" {
			return boot.Usage(errors.New("--actor is missing, and this machine does not say who you are: name who answers"))
		}
		a.actor = who.Username
	}
	return nil
}

// give publishes the answer and waits until the alert tells it.
func (a *answer) give(cmd *cobra.Command, id string) error {
	ctx, stdout := cmd.Context(), cmd.OutOrStdout()
	if err := a.check(); err != nil {
		return err
	}
	c, err := reachWatched(cmd, &a.kafka)
	if err != nil {
		return err
	}
	defer c.Close()
	last, err := findAlert(ctx, c, id)
	if err != nil {
		return err
	}
	next, err := a.tell(ctx, c, last)
	switch {
	case err != nil:
		return err
	case next == nil:
		_, err = fmt.Fprintf(stdout, "sent: %s of alert %s\n", a.verb, last.ID)
	default:
		_, err = fmt.Fprintln(stdout, alertLine(next))
	}
	return err
}

// tell publishes the answer to an alert and returns the revision that tells it; nil where nobody waits for one.
func (a *answer) tell(ctx context.Context, c *kafka.Cluster, last *schemas.Alert) (*schemas.Alert, error) {
	if last.Phase == schemas.PhaseEnd && a.verb != alerts.VerbVerdict {
		return nil, boot.Problems(fmt.Errorf("alert %s of %s ended at %s: only a verdict can be given", last.ID, last.Patient, last.AsOf))
	}
	now := schemas.Time(time.Now().UnixMilli())
	command := &schemas.CommandEvent{Head: schemas.Head{EventTime: &now}, Verb: a.verb, Alert: last.ID, Actor: a.actor, Reason: a.reason}
	if a.verb == alerts.VerbSnooze {
		until, err := snoozeEnd(ctx, c, last, now, schemas.Time(a.lasts.Milliseconds()))
		if err != nil {
			return nil, interruptedOr(ctx, boot.Dependency(err))
		}
		command.Until = &until
	}
	m, err := schemas.EncodeEvent(&schemas.Event{Topic: schemas.TopicCommands, Patient: last.Patient, Source: "vigil-alerts", Command: command})
	if err != nil {
		return nil, boot.Failure(err)
	}
	if _, problem := schemas.DecodeEvent(&m); problem != nil {
		return nil, boot.Usage(fmt.Errorf("the answer cannot be sent: %w", problem))
	}
	_, told, err := c.Ends(ctx, schemas.TopicAlerts)
	if err != nil {
		return nil, interruptedOr(ctx, boot.Dependency(err))
	}
	if _, err := sendOne(ctx, c, "alerts", m); err != nil {
		return nil, err
	}
	if a.wait == 0 {
		return nil, nil
	}
	return a.await(ctx, c, last, told)
}

// await returns the revision of the alert that tells the answer. told is where the topic of alerts ended
// before the answer was sent.
func (a *answer) await(ctx context.Context, c *kafka.Cluster, last *schemas.Alert, told []int64) (*schemas.Alert, error) {
	partition := kafka.PartitionOf([]byte(last.Patient), len(told))
	reader := c.NewReader(schemas.TopicAlerts, partition, told[partition])
	limited, stop := context.WithTimeout(ctx, a.wait)
	defer stop()
	for limited.Err() == nil {
		batch, err := reader.Read(limited, 1000)
		if err != nil && limited.Err() == nil {
			return nil, boot.Dependency(err)
		}
		for i := range batch {
			if kind, _ := batch[i].Header(schemas.HeaderType); kind != schemas.TypeAlert {
				continue
			}
			next, err := schemas.DecodeAlert(batch[i].Value)
			if err == nil && next.ID == last.ID && strings.Contains(next.Reason, " by "+a.actor) {
				return next, nil
			}
		}
	}
	if ctx.Err() != nil {
		return nil, boot.Interrupted()
	}
	return nil, boot.Problems(fmt.Errorf("the answer is in its topic, and within %s no revision of alert %s told it: is a worker running (vigil serve), is the alert still open?", a.wait, last.ID))
}

// findAlert finds the latest revision of an alert by the beginning of its id.
func findAlert(ctx context.Context, c *kafka.Cluster, id string) (*schemas.Alert, error) {
	found := map[string]*schemas.Alert{}
	err := c.Each(ctx, schemas.TopicAlertStates, func(m *schemas.Message) error {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert || id == "" || !strings.HasPrefix(string(m.Key), id) {
			return nil
		}
		a, err := schemas.DecodeAlert(m.Value)
		if err != nil {
			return fmt.Errorf("%s: %w", schemas.Place(m.Topic, m.Partition, m.Offset), err)
		}
		if old := found[a.ID]; old == nil || old.Revision < a.Revision { // of merged patients it is in two partitions
			found[a.ID] = a
		}
		return nil
	})
	if err != nil {
		return nil, interruptedOr(ctx, boot.Dependency(err))
	}
	var ids []string
	for name := range found {
		ids = append(ids, name)
	}
	slices.Sort(ids)
	switch len(ids) {
	case 0:
		return nil, boot.Usage(fmt.Errorf("there is no alert %q: `vigil alerts tail --all` prints the ids of those that there are", id))
	case 1:
		return found[ids[0]], nil
	}
	return nil, boot.Usage(fmt.Errorf("%q is the beginning of %d alerts, %s and %s among them: give more of it", id, len(ids), ids[0], ids[1]))
}

// snoozeEnd is when a snooze ends, in the patient's time: that of the last score, where it is far from this
// machine's, as of a recorded patient.
func snoozeEnd(ctx context.Context, c *kafka.Cluster, last *schemas.Alert, now, lasts schemas.Time) (schemas.Time, error) {
	partitions, err := c.Partitions(ctx)
	if err != nil {
		return 0, err
	}
	at := last.AsOf
	m, found, err := c.LastThat(ctx, schemas.TopicScores, kafka.PartitionOf([]byte(last.Patient), partitions), func(m *schemas.Message) bool {
		kind, _ := m.Header(schemas.HeaderType)
		return kind == schemas.TypeScore && string(m.Key) == last.Patient
	})
	if err != nil {
		return 0, err
	}
	if found {
		if s, err := schemas.DecodeScore(m.Value); err == nil {
			at = max(at, s.AsOf)
		}
	}
	if at > now-schemas.Reach && at < now+schemas.MaxAhead {
		at = now
	}
	return at + lasts, nil
}

// shortID is how much of an alert's id people are shown; it is enough to answer by.
const shortID = 12

// alertLine is an alert on one line, with the id that an answer names.
func alertLine(a *schemas.Alert) string {
	line := fmt.Sprintf("%s [%s]", bedside.AlertLine(a), a.ID[:min(shortID, len(a.ID))])
	return strings.ReplaceAll(strings.Map(printableOnly, line), "\n", " ") // a person's words are in it
}
