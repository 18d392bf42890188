package delivery

import (
	"context"
	"errors"
	"fmt"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// giveUp makes a dead letter of a notice that the receiver did not take.
func (o *owner) giveUp(ctx context.Context, p *pending, why error) error {
	reason, found := schemas.Undelivered, why.Error()
	expected := fmt.Sprintf("a receiver that takes it within %s", o.line.Settings.DeadLetterAfter)
	if errors.Is(why, sinks.ErrRefused) {
		reason, expected = schemas.Refused, fmt.Sprintf("a receiver that takes it within %s of its first refusal", o.line.Settings.RefusedAfter)
		var refusal *sinks.Refusal
		if errors.As(why, &refusal) && refusal.Answer != "" {
			found += ": " + refusal.Answer
		}
	}
	return o.setAside(ctx, p.offset, p.body, reason, found, expected)
}

// setAside appends a dead letter. Its id names the alert's place and the sink, so that one that is written twice, before
// and after a crash, is known.
func (o *owner) setAside(ctx context.Context, offset int64, body []byte, reason schemas.Reason, found, expected string) error {
	source := "sink:" + o.line.Settings.Name
	letter := kafka.NewDeadLetter(&schemas.Message{Topic: schemas.TopicAlerts, Partition: o.partition, Offset: offset, Value: body},
		&schemas.Problem{Reason: reason, Field: source, Found: fmt.Sprintf("%.500q", found), Expected: expected}, source, false)
	value, err := schemas.EncodeDeadLetter(&letter)
	if err != nil {
		return err
	}
	place := schemas.Place(schemas.TopicAlerts, o.partition, offset)
	m := schemas.Message{Key: []byte(source), Value: value, Headers: []schemas.Header{
		{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderID, Value: place + "/" + o.line.Settings.Name},
		{Key: schemas.HeaderType, Value: schemas.TypeDeadLetter}, {Key: schemas.HeaderSource, Value: source}, {Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
	}}
	for {
		if o.dead == nil {
			o.dead = o.Cluster.NewProducer(fmt.Sprintf("%s%s-%d", o.Cluster.Prefix, GroupOf(o.line.Settings.Name), o.partition))
		}
		_, err := o.dead.Append(ctx, schemas.TopicDeadLetters, o.partition, []schemas.Message{m})
		if err == nil {
			break
		}
		if !errors.Is(err, kafka.ErrFenced) || ctx.Err() != nil {
			return err
		}
		// Another owner writes there, or the broker has forgotten a producer that was long idle: the lease says which.
		if err := o.lease.Check(ctx); err != nil {
			return err
		}
		o.dead = nil
		if err := o.backoff.Pause(ctx); err != nil {
			return err
		}
	}
	o.line.Stats.DeadLetters.Add(1)
	o.log.Error().Str("reason", string(reason)).Str("dead_letter", place+"/"+o.line.Settings.Name).Msg("an alert did not reach its receiver and is a dead letter")
	return nil
}
