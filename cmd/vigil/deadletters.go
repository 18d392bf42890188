package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// deadLettersCommand holds the commands about messages that Vigil refused.
func deadLettersCommand() *cobra.Command {
	return group("deadletters", "See what was refused and why, and send it again when it is mended", deadLettersTail(), deadLettersShow(), deadLettersReplay())
}

// refused is a dead letter with its place and time.
type refused struct {
	id string // ce_id: topic/partition/offset of the message, or the door with a hash
	at schemas.Time
	schemas.DeadLetter
}

// readRefused reads a record of the topic of dead letters; nil for claims, offsets and whatever else is none.
func readRefused(m *schemas.Message) (*refused, error) {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeDeadLetter {
		return nil, nil
	}
	d, err := schemas.DecodeDeadLetter(m.Value)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", schemas.Place(m.Topic, m.Partition, m.Offset), err)
	}
	r := &refused{at: schemas.Time(m.Appended), DeadLetter: *d}
	if r.id, _ = m.Header(schemas.HeaderID); r.id == "" {
		r.id = schemas.Place(d.Topic, d.Partition, d.Offset)
	}
	return r, nil
}

// deadLettersTail gives the user one line for each message that is refused, until Ctrl-C.
func deadLettersTail() *cobra.Command {
	var (
		k              boot.Kafka
		all, asJSON    bool
		reason, source string
	)
	cmd := &cobra.Command{
		Use: "tail", Short: "Follow the messages that are refused, with reason and mend; Ctrl-C ends it", Args: noArgs,
		Example: `  vigil deadletters tail                                  of the demo that runs here, or of 127.0.0.1:9092
  vigil deadletters tail --all --source my-gateway        from the beginning, those of one sender
  vigil deadletters tail --all --reason unknown_channel   those of one reason`,
		Long: "Vigil is " + schemas.Notice + ".",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer c.Close()
			fmt.Fprintf(cmd.ErrOrStderr(), "Vigil, %s: dead letters of %s\n", schemas.Notice, strings.Join(k.Brokers, ","))
			err = c.Follow(cmd.Context(), schemas.TopicDeadLetters, all, func(m *schemas.Message) error {
				r, err := readRefused(m)
				if err != nil || r == nil || reason != "" && !r.hasReason(reason) || source != "" && r.Source != source {
					return err
				}
				if asJSON {
					_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s\n", m.Value)
				} else {
					_, err = fmt.Fprintln(cmd.OutOrStdout(), r.line())
				}
				return err
			})
			if cmd.Context().Err() != nil {
				return boot.Interrupted()
			}
			if err != nil {
				return boot.Dependency(err)
			}
			return nil
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	f := cmd.Flags()
	f.BoolVar(&all, "all", false, "from the beginning, not from now on")
	f.BoolVar(&asJSON, "json", false, "one JSON object a line")
	f.StringVar(&reason, "reason", "", "only those of this reason, such as unknown_channel")
	f.StringVar(&source, "source", "", "only those of this sender")
	return cmd
}

// hasReason says whether one of the faults is of a reason.
func (r *refused) hasReason(reason string) bool {
	return string(r.Reason) == reason || slices.ContainsFunc(r.More, func(p schemas.Problem) bool { return string(p.Reason) == reason })
}

// line is a dead letter on one line: when, id, sender, reason and what is wrong.
func (r *refused) line() string {
	rest := ""
	if r.Partial {
		rest = " (the rest of it went on)"
	}
	for i := len(r.More) - 1; i >= 0; i-- {
		p := &r.More[i]
		rest = fmt.Sprintf("; also %s: %s: found %s", p.Reason, p.Field, p.Found) + rest
	}
	return fmt.Sprintf("%s %s %s %s: %s: found %s, expected %s%s", r.at, r.id, dash(r.Source), r.Reason, r.Field, r.Found, r.Expected, rest)
}

// deadLettersShow gives the user all that is known of one refused message.
func deadLettersShow() *cobra.Command {
	var (
		k       boot.Kafka
		payload bool
	)
	cmd := &cobra.Command{
		Use: "show ID", Short: "Print one refused message: when, from where, each fault, how to mend it, its bytes",
		Example: `  vigil deadletters show icu.vitals.v1/3/17                    an id as tail prints it
  vigil deadletters show icu.vitals.v1/3/17 --payload > m.json  what is to be mended, for replay --body`,
		Long: "Vigil is " + schemas.Notice + ".",
		Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer c.Close()
			r, err := findRefused(cmd.Context(), c, args[0])
			if err != nil {
				return err
			}
			again, err := r.reread(cmd.Context(), c)
			if err != nil {
				return interruptedOr(cmd.Context(), boot.Dependency(err))
			}
			if payload {
				_, err := cmd.OutOrStdout().Write(again.toMend())
				return err
			}
			return again.print(cmd.OutOrStdout())
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	cmd.Flags().BoolVar(&payload, "payload", false, "print the bytes alone, of a message whose rest went on only the values that did not")
	return cmd
}

// oneID wants the id of a dead letter.
func oneID(cmd *cobra.Command, args []string) error {
	if len(args) != 1 {
		return boot.Usage(fmt.Errorf("`%s` wants one ID, as `vigil deadletters tail` prints it, found %d: see `%s --help`", cmd.CommandPath(), len(args), cmd.CommandPath()))
	}
	return nil
}

// findRefused looks an id up. Of a message that was refused several times it is the last.
func findRefused(ctx context.Context, c *kafka.Cluster, id string) (found *refused, err error) {
	err = c.Each(ctx, schemas.TopicDeadLetters, func(m *schemas.Message) error {
		if own, _ := m.Header(schemas.HeaderID); own != id {
			return nil
		}
		r, err := readRefused(m)
		if err == nil && r != nil {
			found = r
		}
		return err
	})
	switch {
	case err != nil:
		return nil, interruptedOr(ctx, boot.Dependency(err))
	case found == nil:
		return nil, boot.Usage(fmt.Errorf("there is no dead letter %q: `vigil deadletters tail --all` prints those that there are", id))
	}
	return found, nil
}

// print writes a dead letter for people.
func (r *reread) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	what := "the whole message was refused"
	if r.Partial {
		what = "these values were refused, the rest of the message went on"
	}
	fmt.Fprintf(w, "dead letter\t%s\nwhen\t%s, by the broker's clock\nfrom\t%s, %s\nwhat\t%s\n", r.id, r.at, dash(r.Source), r.Topic, what)
	for _, p := range r.faults {
		fmt.Fprintf(w, "\nreason\t%s\nfield\t%s\nfound\t%s\nexpected\t%s\nmend\t%s\n", p.Reason, p.Field, p.Found, p.Expected, mends[p.Reason])
	}
	fmt.Fprintf(w, "\nbytes\t%d, sha256 %s\n", r.Length, r.SHA256)
	if err := w.Flush(); err != nil {
		return err
	}
	switch shown := r.Payload; {
	case !utf8.Valid(shown):
		_, err := fmt.Fprintf(out, "%.60q... (no text: --payload writes it as it is)\n", shown)
		return err
	default:
		_, err := fmt.Fprintf(out, "%s\n", strings.Map(printableOnly, string(shown)))
		return err
	}
}

// printableOnly keeps what a sender wrote from moving the cursor of a terminal.
func printableOnly(r rune) rune {
	if r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
		return '�'
	}
	return r
}

// mends say how a kind of fault is mended, by the sender or by the site.
var mends = map[schemas.Reason]string{
	schemas.NoValue:        "send a number as value, or a text that carries one for this channel (vigil channels NAME)",
	schemas.Unreadable:     "send one whole JSON object in UTF-8, or the Arrow stream of this topic, uncut",
	schemas.Implausible:    "check value and unit: vigil channels NAME prints the plausible range",
	schemas.BadUnit:        "name one of the accepted units, or none for the channel's own: vigil channels NAME prints them",
	schemas.MarkedWrong:    "nothing: the source itself marks the row as an error",
	schemas.OutsideStay:    "nothing, or correct the times of the stay: the row lies neither in one nor in the 48 h before",
	schemas.UnknownChannel: "send it by a channel's name or by a code that vigil channels prints",
	schemas.UnknownType:    "leave the header out, or send the version, type and content type that this topic takes",
	schemas.BadKey:         "send it with the patient as the Kafka key, to the partition of the Java client's hash of it",
	schemas.BadPatient:     "name the patient as domain:id",
	schemas.BadField:       "set the field as the schema of its topic says: schemas/*.schema.json",
	schemas.BadTime:        "write times as RFC 3339 with a zone, 2026-01-01T08:00:00.000Z",
	schemas.TooLarge:       "send it in parts",
	schemas.SensorZero:     "do not send the 0 of a sensor that is off: leave the value out",
	schemas.Future:         "set the sender's clock (NTP), or name its zone: vigil serve --zone",
	schemas.OutOfOrder:     "play the recording again with vigil replay: its messages came in another order than they were recorded",
	schemas.TooMany:        "send a channel less often, or its mean",
	schemas.Unmatched:      "name the event_time and ref under which the value was sent",
	schemas.NoMark:         "play the recording with vigil replay, which sends progress marks",
	schemas.WrongRun:       "end the run in progress first: vigil replay --end RUN",
	schemas.Undelivered:    "bring the receiver back, then: vigil sinks resend",
	schemas.Refused:        "look into the log of the receiver; when it takes such alerts: vigil sinks resend",
	schemas.RunsOff:        "let workers take recorded messages: vigil serve --allow-runs",
}

// deadLettersReplay sends refused messages again.
func deadLettersReplay() *cobra.Command {
	var (
		k          boot.Kafka
		body, zone string
	)
	cmd := &cobra.Command{
		Use: "replay ID", Short: "Send a refused message again, mended by --body or by what Vigil has learned since; exit 4 if it is still wrong",
		Example: `  vigil deadletters show ID --payload > m.json    then mend m.json
  vigil deadletters replay ID --body m.json
  vigil deadletters replay ID                     as it was: a newer Vigil knows its channel, or --zone its clock`,
		Long: `It is judged first as intake will judge it, and not sent while it would be refused again. Of a
message whose rest went on only the values that were refused are sent. It goes out without the
number (seq) of its sender, so that it is known by its content; without a time it has
the one at which it was refused.

Vigil is ` + schemas.Notice + ".",
		Args: oneID,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			at, err := siteZone(zone)
			if err != nil {
				return err
			}
			mended, err := readBody(cmd.InOrStdin(), body)
			if err != nil {
				return err
			}
			c, err := reachWatched(cmd, &k)
			if err != nil {
				return err
			}
			defer c.Close()
			r, err := findRefused(ctx, c, args[0])
			if err != nil {
				return err
			}
			m, err := r.mend(ctx, c, mended, at)
			if err != nil {
				var exit *boot.Exit
				if errors.As(err, &exit) {
					return err
				}
				return interruptedOr(ctx, boot.Dependency(err))
			}
			place, err := sendOne(ctx, c, "deadletters", m)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s is sent again, to %s\n", r.id, place)
			return err
		},
	}
	kafkaFlags(cmd, &k, defaultBrokers, "all topic names")
	zoneFlag(cmd, &zone)
	cmd.Flags().StringVar(&body, "body", "", "file with the mended body, - for what is piped in; without it the message as it was")
	return cmd
}
