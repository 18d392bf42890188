package worker

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// outputTopics are the topics that the monitor writes, in the order in which they are claimed
// and published to.
var outputTopics = [...]string{schemas.TopicScores, schemas.TopicAlerts, schemas.TopicAlertStates}

// tails says how far the outputs got.
type tails struct {
	at          [len(outputTopics)]window.Position // of the last record of each
	rebuildFrom int64                              // log offset at which a rebuild begins, as the newest of them says, -1 where none does
	headers     []schemas.Header                   // memory of outbox
}

// nothing is the position before all others: the output is empty.
var nothing = window.Position{Offset: -1}

// readTails reads of each output the last record that has a position: an output, or a claim
// record that Keep has written again. It fails where the topic cannot be read or somebody
// else has written there.
func readTails(ctx context.Context, c *kafka.Cluster, partition int) (tails, error) {
	t := tails{rebuildFrom: -1}
	newest := nothing
	for i, topic := range outputTopics {
		t.at[i] = nothing
		m, found, err := c.LastThat(ctx, topic, partition, func(m *schemas.Message) bool {
			_, ok := m.Header(schemas.HeaderPosition)
			return ok
		})
		if err != nil {
			return t, err
		}
		if !found {
			continue
		}
		at, rebuild, err := positionOf(&m)
		if err != nil {
			return t, fmt.Errorf("%s/%d: offset %d: %w", topic, partition, m.Offset, err)
		}
		t.at[i] = at
		if at.Compare(newest) > 0 && rebuild >= 0 {
			newest, t.rebuildFrom = at, rebuild
		}
	}
	return t, nil
}

// newest is the largest log offset that any output follows from, -1 where all are empty.
func (t *tails) newest() int64 {
	offset := int64(-1)
	for _, at := range t.at {
		offset = max(offset, at.Offset)
	}
	return offset
}

// positionOf reads the headers of an output: its position, and where a rebuild begins (-1: it
// does not say).
func positionOf(m *schemas.Message) (at window.Position, rebuild int64, err error) {
	text, _ := m.Header(schemas.HeaderPosition)
	if at, err = parsePosition(text); err != nil {
		return nothing, -1, err
	}
	text, ok := m.Header(schemas.HeaderRebuild)
	if !ok {
		return at, -1, nil
	}
	if rebuild, err = strconv.ParseInt(text, 10, 64); err != nil {
		return nothing, -1, fmt.Errorf("header %s is %.40q, want a log offset", schemas.HeaderRebuild, text)
	}
	return at, rebuild, nil
}

// parsePosition reads a position as positionHeader writes it: log offset, dot, index.
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

// positionHeader says which log record an output follows from, and which of that record's
// outputs it is.
func positionHeader(p window.Position) schemas.Header {
	b := strconv.AppendInt(make([]byte, 0, 24), p.Offset, 10)
	b = strconv.AppendInt(append(b, '.'), int64(p.Index), 10)
	return schemas.Header{Key: schemas.HeaderPosition, Value: string(b)}
}

// rebuildHeader says at which log offset a rebuild of the state behind this record begins.
func rebuildHeader(offset int64) schemas.Header {
	return schemas.Header{Key: schemas.HeaderRebuild, Value: strconv.FormatInt(offset, 10)}
}

// above says whether an output of a position is not yet in its topic. Dead letters, whose topic is
// intake's, and what is handed to another patient have no tail here: they are published before
// all else, so that none is missing up to the newest of the others. After a crash some come
// twice, under one id, and are known as repeats.
func (t *tails) above(topic string, p window.Position) bool {
	if i := slices.Index(outputTopics[:], topic); i >= 0 {
		return p.Compare(t.at[i]) > 0
	}
	newest := slices.MaxFunc(t.at[:], window.Position.Compare)
	return p.Compare(newest) > 0
}

// outbox appends to dst the outputs that are not yet in their topics. Their headers say that a
// rebuild begins at the log offset rebuild; they lie in memory that the next call uses
// again.
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
			schemas.Header{Key: schemas.HeaderContentType, Value: contentOf(out.Type)},
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

// contentOf is the content type of an output of a type.
func contentOf(kind string) string {
	if kind == schemas.TypeHanded {
		return schemas.ContentLog
	}
	return schemas.ContentJSON
}

// publishStored publishes what an earlier owner left in the outbox, but for what it had
// published before it was cut off.
func (a *applier) publishStored(ctx context.Context) error {
	if len(a.batch.Outbox) == 0 {
		return nil
	}
	a.published = a.batch.Outbox[len(a.batch.Outbox)-1].After()
	a.batch.Outbox = slices.DeleteFunc(a.batch.Outbox, func(e window.OutboxEntry) bool { return !a.tails.above(e.Topic, e.Position) })
	return a.publish(ctx)
}

// publish appends the outbox to its topics. The store drops the outbox with the next batch, or
// when the log is idle.
func (a *applier) publish(ctx context.Context) error {
	if len(a.batch.Outbox) == 0 {
		return nil
	}
	if err := a.handOn(ctx); err != nil {
		return err
	}
	// All of one topic go together. A crash between two topics leaves the later ones behind,
	// which publishStored sees by their tails.
	if _, err := a.publishTo(ctx, schemas.TopicDeadLetters); err != nil {
		return err
	}
	for i, topic := range outputTopics {
		last, err := a.publishTo(ctx, topic)
		if err != nil {
			return err
		}
		if last != nothing {
			a.tails.at[i] = last
		}
	}
	a.published = a.batch.Outbox[len(a.batch.Outbox)-1].After()
	return nil
}

// handOn appends what the outbox hands to other patients to the raw topic of movements, in the
// partition of each.
func (a *applier) handOn(ctx context.Context) error {
	handed := map[int][]schemas.Message{} // by partition
	for j := range a.batch.Outbox {
		if e := &a.batch.Outbox[j]; e.Topic == schemas.TopicADT {
			to := kafka.PartitionOf(e.Key, a.tenure.Picture().Topics[e.Topic].Partitions)
			handed[to] = append(handed[to], schemas.Message{Key: e.Key, Value: e.Value, Headers: e.Headers})
		}
	}
	for _, to := range slices.Sorted(maps.Keys(handed)) {
		if _, err := a.tenure.Producer.Append(ctx, schemas.TopicADT, to, handed[to]); err != nil {
			return err
		}
		if err := a.tenure.At("handed on"); err != nil {
			return err
		}
	}
	return nil
}

// publishTo appends what the outbox has for a topic, and returns the position of the last of it.
func (a *applier) publishTo(ctx context.Context, topic string) (last window.Position, err error) {
	last = nothing
	messages := a.messages[:0]
	for j := range a.batch.Outbox {
		if e := &a.batch.Outbox[j]; e.Topic == topic {
			messages = append(messages, schemas.Message{Key: e.Key, Value: e.Value, Headers: e.Headers})
			last = e.Position
		}
	}
	if len(messages) == 0 {
		return nothing, nil
	}
	defer func() {
		clear(messages)
		a.messages = messages[:0]
	}()
	if _, err := a.tenure.Producer.Append(ctx, topic, a.tenure.Partition, messages); err != nil {
		return nothing, err
	}
	return last, a.tenure.At("published " + topic)
}

// drop makes the store forget the outbox, which is published.
func (a *applier) drop(ctx context.Context) error {
	if a.published == (window.Position{}) {
		return nil
	}
	upTo := window.Position{Offset: a.published.Offset, Index: a.published.Index - 1} // After is one further than the last entry
	err := a.service.retryStore(ctx, func() error { return a.service.Store.Published(ctx, a.tenure.Partition, a.nonce, upTo) })
	if err == nil {
		a.published = window.Position{}
	}
	return err
}
