package intake

import (
	"context"
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/schemas"
)

// ErrOtherUse means that the log asks for another model, policy or settings than the worker has.
var ErrOtherUse = errors.New("the log asks for another model, policy or settings than this worker has")

// MendUse says what to do about it.
const MendUse = "start it with those; or, to let the log ask for these from now on, with --switch, and every other worker with these too; or begin anew with another --topic-prefix or --state"

// ask makes the log ask for what the worker has. A log that has no offsets record yet, begun
// being false, gets its first use record. One that asks for something else is refused, unless
// the worker is to switch it: then the switch is one record, at one place of the partition's
// order, and every rebuild makes it again at that place.
func (l *logWriter) ask(ctx context.Context, begun bool) error {
	s, w := &l.log.state, l.worker
	now := askedBy(w.Use)
	if begun && s.Use == nil { // an older version wrote the log
		was, err := l.firstUse(ctx)
		if err != nil {
			return err
		}
		s.Use = was
	}
	switch {
	case s.Use != nil && *s.Use == now:
		return nil
	case s.Use == nil && begun:
		w.Log.Warn().Int("partition", l.tenure.Partition).Msg("the log does not tell any more what it asked to be judged by: from here on it asks for what this worker has")
	case s.Use == nil || differences(*s.Use, now) == "": // it left that open
	case !w.Switch:
		return fmt.Errorf("partition %d: %w: %s: %s", l.tenure.Partition, ErrOtherUse, differences(*s.Use, now), MendUse)
	default:
		w.Log.Warn().Int("partition", l.tenure.Partition).Str("change", differences(*s.Use, now)).Msg("switched: the log asks for what this worker has from here on")
	}
	s.Step++
	s.Use = &now
	if err := l.addRecord(ctx, &schemas.Record{Kind: schemas.KindUse, Use: &w.Use}, useKey); err != nil {
		return err
	}
	return l.appendBatch(ctx, &l.log)
}

// asked is what a log asks for in the record that ends a batch: a use record, its hashes cut
// short, since it stands in every batch.
type asked struct {
	Model    string `json:"m,omitempty"`
	Policy   string `json:"p,omitempty"`
	Encoder  string `json:"e,omitempty"`
	Settings string `json:"s,omitempty"`
}

func askedBy(u schemas.Use) asked {
	short := func(hash string) string { return hash[:min(len(hash), 16)] }
	return asked{short(u.Model), short(u.Policy), short(u.Encoder), u.Settings}
}

// differences says for people what now is other than was asks for; empty for nothing. What was
// leaves open is no difference.
func differences(was, now asked) (text string) {
	for _, part := range [...]struct{ name, was, now string }{
		{"model", was.Model, now.Model}, {"policy", was.Policy, now.Policy}, {"codes (--codes)", was.Encoder, now.Encoder}, {"settings", was.Settings, now.Settings},
	} {
		if part.was == "" || part.was == part.now {
			continue
		}
		if text != "" {
			text += "; "
		}
		text += fmt.Sprintf("%s asked for: %s, here: %s", part.name, part.was, part.now)
	}
	return text
}

// firstUse finds what a log asks for that an older version wrote, which asked once, at the
// log's beginning. It is nil where retention has taken that.
func (l *logWriter) firstUse(ctx context.Context) (*asked, error) {
	first, _, err := l.worker.Cluster.Ends(ctx, l.log.topic)
	if err != nil {
		return nil, err
	}
	r := l.worker.Cluster.NewReader(l.log.topic, l.tenure.Partition, first[l.tenure.Partition])
	messages, err := r.Read(ctx, readLimit)
	if err != nil {
		return nil, err
	}
	for i := range messages {
		if kind, _ := messages[i].Header(schemas.HeaderType); kind != schemas.TypeLog {
			continue
		}
		record, err := schemas.DecodeRecord(messages[i].Value)
		if err != nil || record.Use == nil {
			return nil, nil // a torn record is for the monitor to tell
		}
		was := askedBy(*record.Use)
		return &was, nil
	}
	return nil, nil
}
