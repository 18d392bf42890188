package delivery

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// batch is the most notices that a sink is given at once.
const batch = 100

// maxStanding is how many open alerts of a partition are told again; a patient has a few.
const maxStanding = 10_000

// owner tells one sink of one partition for as long as it has the lease.
type owner struct {
	*Service
	line      *Line
	partition int
	lease     *kafka.Lease
	log       zerolog.Logger
	begun     time.Time
	backoff   retry.Backoff
	dead      *kafka.Producer // nil: none was needed yet

	committed int64
	waits     bool // the receiver does not take the next notice, and the log says so

	every    time.Duration      // how often open alerts are told again; 0: never
	standing map[string]pending // the last of each open alert, by its id
	again    time.Time          // when they are due
}

// pending is a notice with its place in the alert's topic.
type pending struct {
	sinks.Notice
	offset int64
	body   []byte // as it stands in the topic, for a dead letter
}

// own tells a sink of a partition's alerts from its position on.
func (s *Service) own(ctx context.Context, l *Line, partition int, lease *kafka.Lease) error {
	o := &owner{
		Service: s, line: l, partition: partition, lease: lease, begun: s.Now(),
		log:     s.Log.With().Str("sink", l.Settings.Name).Int("partition", partition).Logger(),
		backoff: retry.Backoff{First: orElse(s.First, 250*time.Millisecond), Longest: orElse(s.Longest, 30*time.Second)},
	}
	defer o.taken()
	if a := l.Settings.Alertmanager; a != nil {
		o.every, o.standing = a.RepeatEvery, map[string]pending{}
	}
	if err := lease.Check(ctx); err != nil {
		return err
	}
	if err := o.find(ctx); err != nil {
		return err
	}
	if err := o.learnStanding(ctx); err != nil {
		return err
	}
	return o.follow(ctx)
}

func orElse(d, without time.Duration) time.Duration {
	if d == 0 {
		return without
	}
	return d
}

// find finds the sink's position. Where it has none, it commits the one that it begins at before it tells anything: an alert that comes from
// now on is not passed over, whatever happens.
func (o *owner) find(ctx context.Context) error {
	all, err := o.Cluster.Committed(ctx, GroupOf(o.line.Settings.Name), schemas.TopicAlerts)
	if err != nil {
		return err
	}
	if o.committed = all[o.partition]; o.committed >= 0 {
		return nil
	}
	first, next, err := o.Cluster.Ends(ctx, schemas.TopicAlerts)
	if err != nil {
		return err
	}
	at := next[o.partition]
	if o.line.Settings.Begin == sinks.BeginBeginning {
		at = first[o.partition]
	}
	o.log.Info().Int64("offset", at).Msg("the sink has no position in the alerts yet and begins as its settings say")
	return o.commit(ctx, at)
}

func (o *owner) commit(ctx context.Context, next int64) error {
	if next == o.committed {
		return nil
	}
	if err := o.lease.Commit(ctx, schemas.TopicAlerts, o.partition, next); err != nil {
		return err
	}
	o.committed = next
	return nil
}

// follow reads and tells until ctx ends.
func (o *owner) follow(ctx context.Context) error {
	r := o.Cluster.NewReader(schemas.TopicAlerts, o.partition, o.committed)
	for {
		if err := o.repeat(ctx); err != nil {
			return err
		}
		records, err := r.Read(ctx, batch)
		var lost *kafka.DataLossError
		if errors.As(err, &lost) {
			o.log.Error().Err(lost).Int64("from", lost.First).Msg("alerts are gone that this sink has not been told; it goes on with what is there")
			r.GoTo(lost.First)
			continue
		}
		if err != nil {
			return err
		}
		if len(records) == 0 && r.Next() == o.committed {
			continue
		}
		notices, err := o.notices(ctx, records)
		if err == nil {
			err = o.tell(ctx, notices)
		}
		if err == nil {
			err = o.commit(ctx, r.Next())
		}
		if err != nil {
			return err
		}
	}
}

// notices are the records that are alerts for this sink. One that cannot be read becomes a dead letter.
func (o *owner) notices(ctx context.Context, records []schemas.Message) (list []pending, err error) {
	for i := range records {
		m := &records[i]
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert {
			continue // a claim
		}
		a, err := schemas.DecodeAlert(m.Value)
		if err != nil {
			if err := o.setAside(ctx, m.Offset, m.Value, schemas.Unreadable, err.Error(), "an alert as alert.schema.json has it"); err != nil {
				return nil, err
			}
			continue
		}
		n := sinks.Notice{Alert: *a, Told: schemas.Time(m.Appended)}
		if !o.line.Settings.Only.Wants(&n) {
			o.line.Stats.Left.Add(1)
			continue
		}
		list = append(list, pending{n, m.Offset, m.Value})
	}
	return list, nil
}

// tell gives the notices to the sink until it has all of them, or those that it does not take are dead letters. Only the end of
// ctx or of the lease and the dead letters' topic stop it before.
func (o *owner) tell(ctx context.Context, list []pending) error {
	var refusing time.Time // when the first of list was refused first
	most := batch
	for len(list) > 0 {
		n, err := o.attempt(ctx, list[:min(most, len(list))])
		for _, p := range list[:n] {
			o.stand(p)
		}
		if list = list[n:]; n > 0 {
			refusing = time.Time{}
			o.line.Stats.Delivered.Add(int64(n))
			o.backoff.Reset()
			o.taken()
			most = batch
			if len(list) > 0 {
				if err := o.commit(ctx, list[0].offset); err != nil {
					return err
				}
			}
			continue // with an error too: a slow receiver does not take a whole batch in the time of an attempt
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		o.line.Stats.Failed.Add(1)
		refused := errors.Is(err, sinks.ErrRefused)
		if refused && most > 1 && len(list) > 1 {
			most = 1 // a receiver that is told all at once does not say which of them it refuses
			continue
		}
		now := o.Now()
		if refused && refusing.IsZero() {
			refusing = now
		} else if !refused {
			refusing = time.Time{}
		}
		if o.over(&list[0], refusing, now) {
			if err := o.giveUp(ctx, &list[0], err); err != nil {
				return err
			}
			o.stand(list[0])
			list = list[1:]
			refusing = time.Time{}
			continue
		}
		o.wait(err)
		if err := o.backoff.Pause(ctx); err != nil {
			return err
		}
		if err := o.lease.Check(ctx); err != nil { // so that two do not go on telling
			return err
		}
	}
	return nil
}

// attempt is one call of the sink.
func (o *owner) attempt(ctx context.Context, list []pending) (int, error) {
	notices := make([]sinks.Notice, len(list))
	for i := range list {
		notices[i] = list[i].Notice
	}
	ctx, cancel := context.WithTimeout(ctx, o.line.Settings.Timeout)
	defer cancel()
	n, err := o.line.Sink.Deliver(ctx, notices)
	if err == nil && n == 0 {
		err = errors.New("nothing was taken, and no reason was given")
	}
	return n, err
}

// over says whether a notice has waited as long as the settings allow. One that is refused waits from its first refusal on; one whose
// receiver is away since it was told, or since this process began, which may have been away itself.
func (o *owner) over(p *pending, refusing, now time.Time) bool {
	if !refusing.IsZero() {
		return now.Sub(refusing) >= o.line.Settings.RefusedAfter
	}
	since := p.Told.Std()
	if since.Before(o.begun) {
		since = o.begun
	}
	return o.line.Settings.DeadLetterAfter > 0 && now.Sub(since) >= o.line.Settings.DeadLetterAfter
}

// wait says once that the receiver does not take what is next.
func (o *owner) wait(err error) {
	if o.waits {
		return
	}
	o.waits = true
	o.line.Stats.Waiting.Add(1)
	o.log.Warn().Err(err).Str("dead_letter_after", o.line.Settings.DeadLetterAfter.String()).Msg("the receiver does not take an alert, trying on; nothing is lost")
}

// taken says that it does again.
func (o *owner) taken() {
	if !o.waits {
		return
	}
	o.waits = false
	o.line.Stats.Waiting.Add(-1)
	o.log.Warn().Msg("the receiver takes alerts again, or another process goes on")
}

// stand keeps the last of each open alert, where they are told again.
func (o *owner) stand(p pending) {
	old, there := o.standing[p.ID]
	switch {
	case o.standing == nil || there && old.Revision > p.Revision:
	case !p.Open():
		delete(o.standing, p.ID)
	case there || len(o.standing) < maxStanding:
		o.standing[p.ID] = p
	default:
		o.log.Error().Int("alerts", maxStanding).Msg("so many alerts are open that not all of them are told again")
	}
}

// learnStanding finds the open alerts that were told before this process began, in the topic of latest states. What is
// there of alerts that the sink's position lies in front of is told before its time, and once more.
func (o *owner) learnStanding(ctx context.Context) error {
	if o.every == 0 {
		return nil
	}
	first, next, err := o.Cluster.Ends(ctx, schemas.TopicAlertStates)
	if err != nil {
		return err
	}
	r := o.Cluster.NewReader(schemas.TopicAlertStates, o.partition, first[o.partition])
	for empty := 0; r.Next() < next[o.partition] && empty < 40; { // an open transaction may hold the rest back
		records, err := r.Read(ctx, 1000)
		if err != nil {
			return err
		}
		if empty++; len(records) > 0 {
			empty = 0
		}
		for i := range records {
			m := &records[i]
			if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeAlert {
				continue
			}
			a, err := schemas.DecodeAlert(m.Value)
			if err != nil {
				continue // the alert's topic has it too, where it becomes a dead letter
			}
			if n := (sinks.Notice{Alert: *a, Told: schemas.Time(m.Appended)}); o.line.Settings.Only.Wants(&n) {
				o.stand(pending{Notice: n})
			}
		}
	}
	return nil
}

// repeat tells the open alerts again when that is due. What the receiver does not take then it is told the next time.
func (o *owner) repeat(ctx context.Context) error {
	if now := o.Now(); o.every == 0 || now.Before(o.again) {
		return nil
	}
	o.again = o.Now().Add(o.every)
	var list []pending
	for _, id := range slices.Sorted(maps.Keys(o.standing)) {
		list = append(list, o.standing[id])
	}
	for part := range slices.Chunk(list, batch) {
		if _, err := o.attempt(ctx, part); err != nil && ctx.Err() == nil {
			o.line.Stats.Failed.Add(1)
			o.wait(err)
			return nil
		} else if ctx.Err() != nil {
			return ctx.Err()
		}
		o.taken()
	}
	return nil
}
