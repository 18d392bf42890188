package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// owner is one ownership of one partition.
type owner struct {
	s        *Service
	number   int
	nonce    string
	producer *kafka.Producer
	reader   *kafka.PartitionReader
	state    *monitor.Partition
	stats    *Stats
	applied  int64           // where the store stands
	out      window.Position // the store's outbox before it is published; zero: there is none
	tails    tails

	record   schemas.Record
	ahead    schemas.Record // of look
	wanted   []window.Place // that are to be read from the store before the next Step
	outputs  []monitor.Output
	messages []schemas.Message // of publish
	batch    window.Batch
	counted  monitor.Counts
}

// claim takes the store and then the outputs. From here on an older owner is
// refused by both, so that what the tails say stays true.
func (o *owner) claim(ctx context.Context) error {
	err := o.s.retryStore(ctx, func() (err error) {
		_, err = o.s.Store.Claim(ctx, o.number, o.nonce)
		return err
	})
	if err != nil {
		return fmt.Errorf("claiming the store: %w", err)
	}
	if err := o.s.at("claimed store"); err != nil {
		return err
	}
	o.producer = o.s.Cluster.NewProducer(fmt.Sprintf("%s%s-%d", o.s.Cluster.Prefix, producerName, o.number))
	for _, topic := range outputTopics {
		if err := o.producer.Claim(ctx, topic, []int{o.number}, nil); err != nil {
			return err
		}
	}
	if err := o.s.at("claimed outputs"); err != nil {
		return err
	}
	o.tails, err = readTails(ctx, o.s.Cluster, o.number)
	return err
}

// load takes the state from the store and finds where to read on.
func (o *owner) load(ctx context.Context) error {
	stored, err := o.fetch(ctx)
	if err != nil {
		return err
	}
	if o.state, err = o.s.Monitor.LoadPartition(stored); err != nil {
		o.s.Log.Error().Err(err).Int("partition", o.number).Msg("the store's state cannot be read: rebuilding from the log")
		if err := o.reset(ctx); err != nil {
			return err
		}
		stored = &window.StoredPartition{Applied: -1}
		o.state = monitor.NewPartition()
	}
	first, next, err := o.s.Cluster.Ends(ctx, schemas.TopicLog)
	if err != nil {
		return err
	}
	if o.number >= len(next) {
		return fmt.Errorf("%s has %d partitions, no %d", schemas.TopicLog, len(next), o.number)
	}
	o.applied = stored.Applied
	o.batch.Outbox = stored.Outbox
	from := o.applied + 1
	if o.applied < 0 {
		from = max(0, o.tails.rebuildFrom)
	}
	if from > next[o.number] {
		return fmt.Errorf("the store has applied offset %d, the log ends before %d: this store belongs to another log; give this run a prefix or a store of its own", o.applied, next[o.number])
	}
	if from < first[o.number] {
		o.s.Log.Error().Int("partition", o.number).Int64("needed", from).Int64("log begins", first[o.number]).Msg("the log begins later than the state needs: scores are marked gap")
		o.state.SetGap(first[o.number] - 1)
		from = first[o.number]
	}
	o.reader = o.s.Cluster.NewReader(schemas.TopicLog, o.number, from)
	return nil
}

// fetch loads the partition; a torn one is emptied, to be rebuilt.
func (o *owner) fetch(ctx context.Context) (stored *window.StoredPartition, err error) {
	err = o.s.retryStore(ctx, func() error {
		stored, err = o.s.Store.Heads(ctx, o.number)
		return err
	})
	if errors.Is(err, window.ErrTorn) {
		o.s.Log.Error().Err(err).Int("partition", o.number).Msg("rebuilding from the log")
		return &window.StoredPartition{Applied: -1}, o.reset(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("loading: %w", err)
	}
	return stored, nil
}

func (o *owner) reset(ctx context.Context) error {
	return o.s.retryStore(ctx, func() error { return o.s.Store.Reset(ctx, o.number, o.nonce) })
}

// work reads the log and applies it, batch by batch.
func (o *owner) work(ctx context.Context) error {
	limit := o.s.Batch
	if limit <= 0 {
		limit = 1000
	}
	alive, renew := time.NewTicker(o.s.Idle.AlivePeriod()), time.NewTicker(o.s.Idle.RenewPeriod())
	defer alive.Stop()
	defer renew.Stop()
	for {
		select {
		case <-renew.C:
			return errRenew
		case <-alive.C:
			if err := o.keepAlive(ctx); err != nil {
				return err
			}
		default:
		}
		records, err := o.reader.Read(ctx, limit)
		var lost *kafka.DataLossError
		if errors.As(err, &lost) {
			return fmt.Errorf("%w: %w", errAgain, lost) // load finds where the log begins now
		}
		if err != nil {
			return err
		}
		if len(records) == 0 {
			if err := o.drop(ctx); err != nil {
				return err
			}
			if err := o.warm(ctx); err != nil {
				return err
			}
			continue
		}
		for len(records) > 0 {
			n, err := o.apply(ctx, records)
			if err != nil {
				return err
			}
			records = records[n:]
		}
	}
}

func (o *owner) keepAlive(ctx context.Context) error {
	for i, topic := range outputTopics {
		headers := []schemas.Header{rebuildHeader(o.state.RebuildFrom(o.reader.Next()))}
		if o.tails.at[i] != nothing {
			headers = append(headers, positionHeader(o.tails.at[i]))
		}
		if err := o.producer.KeepAlive(ctx, topic, o.number, headers); err != nil {
			return err
		}
	}
	return nil
}

// apply steps records, writes what changed in one fenced batch and publishes what
// they caused. It returns how many it took: all, unless their windows are too much
// to read at once.
func (o *owner) apply(ctx context.Context, records []schemas.Message) (n int, err error) {
	// Valid for the state before the batch, and so for whatever part of the
	// batch's outputs gets out.
	rebuild := o.state.RebuildFrom(records[0].Offset)
	o.outputs = o.outputs[:0]
	if n, err = o.steps(ctx, records); err == nil {
		err = o.state.Lost()
	}
	if err != nil {
		return 0, err
	}
	last := records[n-1].Offset
	o.batch.Patients = o.state.Writes(o.batch.Patients[:0])
	o.batch.Outbox = o.tails.outbox(o.batch.Outbox[:0], o.outputs, rebuild)
	if len(o.batch.Patients) > 0 || len(o.batch.Outbox) > 0 {
		if err := o.write(ctx, last); err != nil {
			return 0, err
		}
		if err := o.publish(ctx); err != nil {
			return 0, err
		}
	}
	o.note(last)
	return n, nil
}

// steps moves the state by records, up to the first whose windows are not read yet
// where some were read already.
func (o *owner) steps(ctx context.Context, records []schemas.Message) (n int, err error) {
	looked := false
	for i := range records {
		ok, err := o.decode(&o.record, &records[i])
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if o.wanted = o.state.Wants(&o.record, o.wanted); len(o.wanted) > 0 {
			if looked {
				return i, nil
			}
			looked = true
			if err := o.look(ctx, records[i+1:]); err != nil {
				return 0, err
			}
		}
		if o.outputs, err = o.s.Monitor.Step(o.state, &o.record, records[i].Offset, o.outputs); err != nil {
			return 0, fmt.Errorf("log record at offset %d: %w", records[i].Offset, err)
		}
	}
	return len(records), nil
}

// decode reads a record of the log; ok is false where it is not for Step.
func (o *owner) decode(rec *schemas.Record, m *schemas.Message) (ok bool, err error) {
	switch kind, _ := m.Header(schemas.HeaderType); kind {
	case schemas.TypeLog:
	case schemas.TypeClaim, schemas.TypeOffsets:
		return false, nil
	default:
		o.stats.Foreign.Add(1)
		o.s.Log.Warn().Int("partition", o.number).Int64("offset", m.Offset).Str("type", kind).Msg("a record in the log that is not intake's: left out")
		return false, nil
	}
	if err := rec.Decode(m.Value); err != nil {
		return false, fmt.Errorf("log record at offset %d cannot be read: %w; a newer version may have written it: run that one", m.Offset, err)
	}
	return true, nil
}

// write applies the batch. The same bytes are sent until the store answers.
func (o *owner) write(ctx context.Context, last int64) error {
	o.batch.Partition, o.batch.Owner = o.number, o.nonce
	o.batch.Prev, o.batch.Last, o.batch.Published = o.applied, last, o.out
	if err := o.s.at("stepped"); err != nil {
		return err
	}
	var (
		answer  window.Answer
		applied int64
	)
	err := o.s.retryStore(ctx, func() (err error) {
		answer, applied, err = o.s.Store.Apply(ctx, &o.batch)
		return err
	})
	if err != nil {
		return fmt.Errorf("applying %d to %d: %w", o.batch.Prev+1, last, err)
	}
	for i := range o.batch.Patients { // their memory is used again: let it hold no hour
		clear(o.batch.Patients[i].Chunks)
	}
	switch answer {
	case window.OK, window.Already:
		o.applied, o.out = last, window.Position{}
		return o.s.at("applied")
	}
	return fmt.Errorf("%w: the store answers %s to offsets %d to %d and stands at %d", errAgain, answer, o.batch.Prev+1, last, applied)
}

// note tells the statistics.
func (o *owner) note(last int64) {
	c := o.state.Counts()
	o.stats.Records.Add(int64(c.Records - o.counted.Records))
	o.stats.Duplicates.Add(int64(c.Duplicates - o.counted.Duplicates))
	o.stats.Scores.Add(int64(c.Scores - o.counted.Scores))
	o.stats.Alerts.Add(int64(c.Alerts - o.counted.Alerts))
	o.counted = c
	o.stats.OpenStays.Store(int64(o.state.Open()))
	o.stats.Applied.Store(last)
}
