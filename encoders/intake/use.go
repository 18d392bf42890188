package intake

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// ErrOtherUse means that the log asks for another model, policy or settings than the worker has.
var ErrOtherUse = errors.New("the log asks for another model, policy or settings than this worker has")

// MendUse says what to do about it.
const MendUse = "start it with those; or, to let the log ask for these from now on, with --switch, and every other worker with these too; or begin anew with another --topic-prefix or --state"

// ErrNoModel means that a model which is asked for is nowhere to be found, or does not fit the
// policy. Its text says how to mend that.
var ErrNoModel = errors.New("the model that is asked for cannot be served here")

// Models finds models by the SHA-256 of their files, or by 16 digits and more of it, and returns
// the whole of it. It is ErrNoModel where there is none, or it cannot serve under the worker's
// policy; other errors pass by.
type Models interface {
	Find(ctx context.Context, hash string) (string, error)
}

// findUse makes a problem of a command that asks for a model which cannot be served: nobody who
// may write the topic is to stop a partition by it.
func (l *logWriter) findUse(ctx context.Context, i *Item) error {
	if i.Record == nil || i.Record.Kind != schemas.KindUse {
		return nil
	}
	_, err := l.find(ctx, i.Record.Use.Model)
	if errors.Is(err, ErrNoModel) {
		i.problem = schemas.NewProblem(schemas.BadField, "model", i.Record.Use.Model, "a model that the workers find: "+err.Error())
		i.Record = nil
		return nil
	}
	return err
}

// find asks for a model. What passes by begins the tenure again.
func (l *logWriter) find(ctx context.Context, hash string) (string, error) {
	if strings.HasPrefix(l.worker.Use.Model, hash) {
		return l.worker.Use.Model, nil
	}
	if l.worker.Models == nil {
		return "", fmt.Errorf("%w: this worker has no others than its own", ErrNoModel)
	}
	whole, err := l.worker.Models.Find(ctx, hash)
	if err != nil && !errors.Is(err, ErrNoModel) {
		err = fmt.Errorf("%w: %w", kafka.ErrAgain, err)
	}
	return whole, err
}

// askFor lets the log ask for a model from this place of its order on, where it does not yet.
func (l *logWriter) askFor(ctx context.Context, model string) error {
	s, use := &l.log.state, l.worker.Use
	use.Model = model
	now := askedBy(use)
	if s.Use != nil && *s.Use == now {
		return nil
	}
	if err := l.addRecord(ctx, &schemas.Record{Kind: schemas.KindUse, Use: &use}, useKey); err != nil {
		return err
	}
	s.Use = &now
	l.worker.Log.Warn().Int("partition", l.tenure.Partition).Str("model", now.Model).Msg("the log asks for another model from here on, as it was told to")
	return nil
}

// wanted is what the worker lets the log ask for. The model is the log's, as a command may have
// named it, for as long as it is found: only a worker that names another one, and is to switch,
// goes back behind that.
func (l *logWriter) wanted(ctx context.Context) (schemas.Use, error) {
	s, w, use := &l.log.state, l.worker, l.worker.Use
	if s.Use == nil || s.Use.Model == "" || s.Use.Model == askedBy(use).Model || w.Models == nil || w.Switch && w.Named {
		return use, nil
	}
	model, err := l.find(ctx, s.Use.Model)
	switch {
	case err == nil:
		w.Log.Warn().Int("partition", l.tenure.Partition).Str("model", s.Use.Model).Msg("the log asks for this model, which was set by vigil model use, and not for that of the worker's flags")
		use.Model = model
	case !errors.Is(err, ErrNoModel):
		return use, err
	}
	return use, nil
}

// ask makes the log ask for what the worker has. A log that has no offsets record yet, begun
// being false, gets its first use record. One that asks for something else is refused, unless
// the worker is to switch it: then the switch is one record, at one place of the partition's
// order, and every rebuild makes it again at that place.
func (l *logWriter) ask(ctx context.Context, begun bool) error {
	s, w := &l.log.state, l.worker
	if begun && s.Use == nil { // an older version wrote the log
		was, err := l.firstUse(ctx)
		if err != nil {
			return err
		}
		s.Use = was
	}
	use, err := l.wanted(ctx)
	if err != nil {
		return err
	}
	now := askedBy(use)
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
	if err := l.addRecord(ctx, &schemas.Record{Kind: schemas.KindUse, Use: &use}, useKey); err != nil {
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

// Asked is what an offsets record says that the log asks for behind it, its hashes cut short; ok
// is false where it does not say, or is no offsets record.
func Asked(m *schemas.Message) (u schemas.Use, ok bool) {
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeOffsets {
		return u, false
	}
	p, err := parseProgress(m)
	if err != nil || p.Use == nil {
		return u, false
	}
	return schemas.Use{Model: p.Use.Model, Policy: p.Use.Policy, Encoder: p.Use.Encoder, Settings: p.Use.Settings}, true
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
