package boot

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/encoders/modelfolder"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// Limits of what waits for an encoder that is away. What is beyond them stays in the log as present and
// not encoded, and so does what waits when the process ends.
const (
	mostLater      = 1000
	mostLaterBytes = 64 << 20
	laterPause     = 5 * time.Second
	sayPause       = time.Minute
)

// later holds the items that could not be encoded when they came, and logs them again when they can be.
type later struct {
	publish func(ctx context.Context, r *schemas.Record) error
	pause   time.Duration
	now     func() time.Time
	log     zerolog.Logger

	mu      sync.Mutex
	waiting []waitingItem
	bytes   int
	dropped int
	said    map[string]time.Time // when a failure of an encoder was last said
	failed  map[string]int       // failures since then
}

// waitingItem is an item with the record that stands in the log without its vector.
type waitingItem struct {
	by     *siteEncoder
	event  *schemas.Event
	record []byte
	bytes  int
}

// put keeps an item. A recorded one is not kept: its place in the run's order is gone by then.
func (l *later) put(by *siteEncoder, ev *schemas.Event, as *schemas.Record) {
	if ev.Run != "" {
		return
	}
	w := waitingItem{by: by, event: ev, record: as.AppendBinary(nil)}
	w.bytes = len(w.record) + 512
	switch {
	case ev.Note != nil:
		w.bytes += len(ev.Note.Text)
	case ev.Image != nil:
		w.bytes += len(ev.Image.Bytes) + len(ev.Image.Text) + 4*len(ev.Image.Embedding)
	case ev.Strip != nil:
		for _, lead := range ev.Strip.Samples {
			w.bytes += 2 * len(lead)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) >= mostLater || l.bytes+w.bytes > mostLaterBytes {
		l.dropped++
		return
	}
	l.waiting, l.bytes = append(l.waiting, w), l.bytes+w.bytes
}

// say tells of a failure, once a minute for each encoder. It names no patient.
func (l *later) say(by *siteEncoder, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.said == nil {
		l.said, l.failed = map[string]time.Time{}, map[string]int{}
	}
	name, now := by.Name(), l.now()
	l.failed[name]++
	if last, is := l.said[name]; is && now.Sub(last) < sayPause {
		return
	}
	l.log.Warn().Str("encoder", name).Int("items", l.failed[name]).Int("waiting", len(l.waiting)).Int("given_up", l.dropped).Err(err).
		Msg("items were not encoded: they are in the log as present, and the model has them as missing")
	l.said[name], l.failed[name] = now, 0
}

// run tries again until ctx ends.
func (l *later) run(ctx context.Context) {
	for retry.Pause(ctx, l.pause) == nil {
		l.round(ctx)
	}
}

// round asks for every item once, but for those of an encoder that is still away.
func (l *later) round(ctx context.Context) {
	l.mu.Lock()
	list := l.waiting
	l.waiting, l.bytes = nil, 0
	l.mu.Unlock()
	away := map[*siteEncoder]bool{}
	var left []waitingItem
	for i := range list {
		w := &list[i]
		if away[w.by] || ctx.Err() != nil {
			left = append(left, *w)
			continue
		}
		switch err := l.again(ctx, w); {
		case errors.Is(err, modelfolder.ErrAway):
			away[w.by] = true
			left = append(left, *w)
		case errors.Is(err, errNotLogged):
			left = append(left, *w)
		case err != nil:
			l.say(w.by, err)
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range left {
		l.bytes += left[i].bytes
	}
	l.waiting = append(left, l.waiting...)
}

// errNotLogged is that of an item that was encoded and could not be logged.
var errNotLogged = errors.New("the item could not be logged again")

// again encodes an item and logs it.
func (l *later) again(ctx context.Context, w *waitingItem) error {
	v, err := w.by.encode(w.event)
	if err != nil {
		return err
	}
	r, err := schemas.DecodeRecord(w.record)
	if err != nil {
		return err
	}
	r.Item.Encoder, r.Item.Vector = w.by.Name(), v
	if err := l.publish(ctx, r); err != nil {
		return errors.Join(errNotLogged, err)
	}
	return nil
}

// publishEncoded puts a record that is logged again onto the topic of what intake takes as it is, in
// the patient's partition.
func publishEncoded(c *kafka.Cluster, name string) func(ctx context.Context, r *schemas.Record) error {
	var producer *kafka.Producer
	return func(ctx context.Context, r *schemas.Record) error {
		if producer == nil {
			producer = c.NewProducer(c.Prefix + "vigil-encoded-" + name)
		}
		n, err := c.Partitions(ctx)
		if err != nil {
			return err
		}
		m := schemas.Message{Key: []byte(r.Patient), Value: r.AppendBinary(nil), Headers: []schemas.Header{
			{Key: schemas.HeaderType, Value: schemas.TypeHanded}, {Key: schemas.HeaderSource, Value: r.Source},
			{Key: schemas.HeaderContentType, Value: schemas.ContentLog},
		}}
		if _, err = producer.Append(ctx, schemas.TopicADT, kafka.PartitionOf(m.Key, n), []schemas.Message{m}); err != nil {
			producer = nil // it may be done with the partition
		}
		return err
	}
}
