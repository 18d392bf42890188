package worker

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// outputTopics are what the monitor writes.
var outputTopics = [...]string{schemas.TopicScores, schemas.TopicAlerts, schemas.TopicAlertStates}

// tails say how far the outputs got: the position of the last record of each.
type tails struct {
	at          [len(outputTopics)]window.Position
	rebuildFrom int64            // as the newest of them says, -1 where none does
	headers     []schemas.Header // of the outbox
}

// nothing is the position before all.
var nothing = window.Position{Offset: -1}

// readTails reads the last positions. Claims say nothing and are passed over,
// but a keep-alive repeats both.
func readTails(ctx context.Context, c *kafka.Cluster, partition int) (tails, error) {
	t := tails{rebuildFrom: -1}
	newest := nothing
	for i, topic := range outputTopics {
		t.at[i] = nothing
		for n := 16; ; n *= 8 {
			records, err := c.LastRecords(ctx, topic, partition, n)
			if err != nil {
				return t, err
			}
			found, rebuild, err := lastPosition(records)
			if err != nil {
				return t, fmt.Errorf("%s/%d: %w", topic, partition, err)
			}
			if found != nothing {
				t.at[i] = found
				if found.Compare(newest) > 0 && rebuild >= 0 {
					newest, t.rebuildFrom = found, rebuild
				}
			}
			if found != nothing || len(records) < n {
				break
			}
		}
	}
	return t, nil
}

// lastPosition is the position that the last of the records with one has.
func lastPosition(records []schemas.Message) (at window.Position, rebuild int64, err error) {
	for i := len(records) - 1; i >= 0; i-- {
		text, ok := records[i].Header(schemas.HeaderPosition)
		if !ok {
			continue
		}
		if at, err = parsePosition(text); err != nil {
			return nothing, -1, fmt.Errorf("offset %d: %w", records[i].Offset, err)
		}
		rebuild = -1
		if text, ok := records[i].Header(schemas.HeaderRebuild); ok {
			if rebuild, err = strconv.ParseInt(text, 10, 64); err != nil {
				return nothing, -1, fmt.Errorf("offset %d: header %s is %.40q, want a log offset", records[i].Offset, schemas.HeaderRebuild, text)
			}
		}
		return at, rebuild, nil
	}
	return nothing, -1, nil
}

func parsePosition(text string) (p window.Position, err error) {
	offset, index, ok := strings.Cut(text, ".")
	if ok {
		if p.Offset, err = strconv.ParseInt(offset, 10, 64); err == nil {
			p.Index, err = strconv.Atoi(index)
		}
	}
	if !ok || err != nil || p.Offset < 0 || p.Index < 0 {
		return nothing, fmt.Errorf("header %s is %.40q, want LOGOFFSET.INDEX; only the monitor writes this topic", schemas.HeaderPosition, text)
	}
	return p, nil
}

func positionHeader(p window.Position) schemas.Header {
	b := strconv.AppendInt(make([]byte, 0, 24), p.Offset, 10)
	b = strconv.AppendInt(append(b, '.'), int64(p.Index), 10)
	return schemas.Header{Key: schemas.HeaderPosition, Value: string(b)}
}

func rebuildHeader(offset int64) schemas.Header {
	return schemas.Header{Key: schemas.HeaderRebuild, Value: strconv.FormatInt(offset, 10)}
}

// above says whether an output is not yet in its topic.
func (t *tails) above(topic string, p window.Position) bool {
	i := slices.Index(outputTopics[:], topic)
	return i < 0 || p.Compare(t.at[i]) > 0
}

// outbox appends the outputs that are not yet in their topics. Their headers are in
// memory that the next call uses again.
func (t *tails) outbox(dst []window.OutboxEntry, outputs []monitor.Output, rebuild int64) []window.OutboxEntry {
	rebuilt := rebuildHeader(rebuild)
	t.headers = slices.Grow(t.headers[:0], 7*len(outputs))
	for i := range outputs {
		out := &outputs[i]
		if !t.above(out.Topic, out.Position) {
			continue
		}
		from := len(t.headers)
		t.headers = append(t.headers,
			schemas.Header{Key: schemas.HeaderSpecVersion, Value: "1.0"},
			schemas.Header{Key: schemas.HeaderID, Value: out.ID},
			schemas.Header{Key: schemas.HeaderType, Value: out.Type},
			schemas.Header{Key: schemas.HeaderSource, Value: "vigil"},
			schemas.Header{Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
			positionHeader(out.Position),
			rebuilt,
		)
		dst = append(dst, window.OutboxEntry{
			Position: out.Position, Topic: out.Topic, Key: []byte(out.Key), Value: out.Value,
			Headers: t.headers[from:len(t.headers):len(t.headers)],
		})
	}
	return dst
}

// publishStored publishes what an earlier owner left in the outbox.
func (o *owner) publishStored(ctx context.Context) error {
	if len(o.batch.Outbox) == 0 {
		return nil
	}
	o.out = o.batch.Outbox[len(o.batch.Outbox)-1].After()
	o.batch.Outbox = slices.DeleteFunc(o.batch.Outbox, func(e window.OutboxEntry) bool { return !o.tails.above(e.Topic, e.Position) })
	return o.publish(ctx)
}

// publish appends the outbox to its topics. The store drops it with the next batch,
// or when the log is idle.
func (o *owner) publish(ctx context.Context) error {
	if len(o.batch.Outbox) == 0 {
		return nil
	}
	messages := o.messages
	for i, topic := range outputTopics {
		messages = messages[:0]
		last := nothing
		for j := range o.batch.Outbox {
			if e := &o.batch.Outbox[j]; e.Topic == topic {
				messages = append(messages, schemas.Message{Key: e.Key, Value: e.Value, Headers: e.Headers})
				last = e.Position
			}
		}
		if len(messages) == 0 {
			continue
		}
		if _, err := o.producer.Append(ctx, topic, o.number, messages); err != nil {
			return err
		}
		o.tails.at[i] = last
		if err := o.s.at("published " + topic); err != nil {
			return err
		}
	}
	clear(messages)
	o.messages = messages[:0]
	o.out = o.batch.Outbox[len(o.batch.Outbox)-1].After()
	return nil
}

// drop makes the store forget what is published.
func (o *owner) drop(ctx context.Context) error {
	if o.out == (window.Position{}) {
		return nil
	}
	upTo := window.Position{Offset: o.out.Offset, Index: o.out.Index - 1} // After counted one on
	err := o.s.retryStore(ctx, func() error { return o.s.Store.Published(ctx, o.number, o.nonce, upTo) })
	if err == nil {
		o.out = window.Position{}
	}
	return err
}
