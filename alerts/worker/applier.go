package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// ErrOtherLog means that the store belongs to another log than the one that is read.
var ErrOtherLog = errors.New("this store belongs to another log")

// applier applies the log of one partition during one tenure.
type applier struct {
	service *Service
	tenure  *kafka.Tenure
	nonce   string // the store knows this tenure by it
	stats   *Stats
	reader  *kafka.PartitionReader
	monitor *monitor.Monitor // which the log asks for where the state stands
	state   *monitor.Partition
	applied int64 // log offset at which the store stands, -1: none
	tails   tails
	known   bool // by ids: the store follows this very log

	// published is the position behind the entries of the store's outbox that are in their
	// topics, which the store may forget; zero: it holds none.
	published window.Position

	// Memory that each batch uses again.
	record   schemas.Record
	ahead    schemas.Record // of look
	wanted   []window.Place // windows that are to be read from the store before the next Step
	outputs  []monitor.Output
	messages []schemas.Message // of publish
	batch    window.Batch

	counted monitor.Counts // what of the state's counts the statistics hold
}

// Claim takes the store: an older owner is refused by it from here on. The store comes before
// the outputs, so that an owner which can still publish can no longer apply: whatever it
// publishes from now on is in the outbox that Load will find.
func (a *applier) Claim(ctx context.Context) error {
	if err := a.follow(ctx); err != nil {
		return err
	}
	err := a.service.retryStore(ctx, func() (err error) {
		_, err = a.service.Store.Claim(ctx, a.tenure.Partition, a.nonce)
		return err
	})
	if err != nil {
		return fmt.Errorf("claiming the store: %w", err)
	}
	return a.tenure.At("claimed store")
}

// follow refuses a store that follows the log of another Kafka, or of a topic that was deleted
// and made anew: its offsets mean nothing here, and what it holds is of other patients.
func (a *applier) follow(ctx context.Context) error {
	p := a.tenure.Picture()
	topic := p.Topics[schemas.TopicLog].ID
	if p.Cluster == "" || topic == "" {
		return nil // brokers older than Kafka 3.0 do not say
	}
	here := p.Cluster + "/" + topic
	var named string
	err := a.service.retryStore(ctx, func() (err error) {
		named, err = a.service.Store.Follows(ctx, a.tenure.Partition, here)
		return err
	})
	switch {
	case err != nil:
		return fmt.Errorf("asking the store which log it follows: %w", err)
	case named == here:
		a.known = true
		return nil
	}
	what := "the log of another Kafka"
	if cluster, _, _ := strings.Cut(named, "/"); cluster == p.Cluster {
		what = "a log that was deleted since, or one under another topic prefix"
	}
	return fmt.Errorf("%w: it follows %s (cluster and topic %s, here %s): give each site a Redis or a database of its own (--redis redis://HOST:PORT/1), or another --topic-prefix", ErrOtherLog, what, named, here)
}

// Load reads how far the outputs got, takes the state from the store, finds where to read
// on in the log, and publishes what an earlier owner left in the outbox.
func (a *applier) Load(ctx context.Context) (err error) {
	if a.tails, err = readTails(ctx, a.service.Cluster, a.tenure.Partition); err != nil {
		return err
	}
	if err := a.loadState(ctx); err != nil {
		return err
	}
	if err := a.publishStored(ctx); err != nil {
		return err
	}
	a.count(a.reader.Next() - 1)
	return nil
}

// loadState takes the state from the store and finds where to read on in the log. A state
// that cannot be read is rebuilt from the log, as is one that is missing.
func (a *applier) loadState(ctx context.Context) error {
	stored, err := a.fetch(ctx)
	if err != nil {
		return err
	}
	torn, err := a.judgeLoaded(ctx, stored)
	if err != nil {
		return err
	}
	if torn != nil {
		if stored, err = a.rebuild(ctx, fmt.Sprintf("the store's state cannot be read (%v)", torn)); err != nil {
			return err
		}
	}
	first, next, err := a.service.Cluster.Ends(ctx, schemas.TopicLog)
	if err != nil {
		return err
	}
	if a.tenure.Partition >= len(next) {
		return fmt.Errorf("%s has %d partitions, no %d", schemas.TopicLog, len(next), a.tenure.Partition)
	}
	if why, err := a.setBack(ctx, stored, first[a.tenure.Partition], next[a.tenure.Partition]); err != nil {
		return err
	} else if why != "" {
		if stored, err = a.rebuild(ctx, why); err != nil {
			return err
		}
	}
	a.applied = stored.Applied
	a.batch.Outbox = stored.Outbox
	from := a.applied + 1
	if a.applied < 0 {
		// The store is empty. What the outputs name as the place for a rebuild is where the
		// oldest window begins that still matters; without outputs it is the log's beginning.
		from = max(0, a.tails.rebuildFrom)
	}
	if err := a.askLog(ctx, stored, max(from, first[a.tenure.Partition])); err != nil {
		return err
	}
	if from < first[a.tenure.Partition] {
		// Retention has taken records that the state needs. Scores say so from here on.
		a.service.Log.Error().Int("partition", a.tenure.Partition).Int64("needed", from).Int64("log begins", first[a.tenure.Partition]).Msg("the log begins later than the state needs: scores are marked gap")
		if a.applied < 0 {
			if err := a.endOrphans(ctx, first[a.tenure.Partition], next[a.tenure.Partition]); err != nil {
				return err
			}
		}
		a.state.SetGap(first[a.tenure.Partition] - 1)
		from = first[a.tenure.Partition]
	}
	a.reader = a.service.Cluster.NewReader(schemas.TopicLog, a.tenure.Partition, from)
	return nil
}

// fetch reads what the store holds of the partition. One that is torn is emptied, so that it
// is rebuilt from the log.
func (a *applier) fetch(ctx context.Context) (stored *window.StoredPartition, err error) {
	err = a.service.retryStore(ctx, func() error {
		stored, err = a.service.Store.Heads(ctx, a.tenure.Partition)
		return err
	})
	if errors.Is(err, window.ErrTorn) {
		a.service.Log.Error().Err(err).Int("partition", a.tenure.Partition).Msg("rebuilding from the log")
		return &window.StoredPartition{Applied: -1}, a.reset(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("loading: %w", err)
	}
	return stored, nil
}

// reset empties the partition in the store.
func (a *applier) reset(ctx context.Context) error {
	return a.service.retryStore(ctx, func() error { return a.service.Store.Reset(ctx, a.tenure.Partition, a.nonce) })
}

// Work reads the log and applies it, batch by batch.
func (a *applier) Work(ctx context.Context) error {
	limit := a.service.Batch
	if limit <= 0 {
		limit = 1000
	}
	for {
		if err := a.tenure.Keep(ctx, a.claimHeaders); err != nil {
			return err
		}
		records, err := a.reader.Read(ctx, limit)
		var lost *kafka.DataLossError
		if errors.As(err, &lost) {
			return fmt.Errorf("%w: %w", kafka.ErrAgain, lost) // Load finds where the log begins now
		}
		if err != nil {
			return err
		}
		if len(records) == 0 { // the log is idle: time for what can wait
			if err := a.drop(ctx); err != nil {
				return err
			}
			if err := a.warm(ctx); err != nil {
				return err
			}
			continue
		}
		for len(records) > 0 {
			n, err := a.apply(ctx, records)
			if err != nil {
				return err
			}
			records = records[n:]
		}
	}
}

// claimHeaders lets a claim record that is written again say what the tail of its output
// said, which may be far behind it by now.
func (a *applier) claimHeaders(output int) []schemas.Header {
	headers := []schemas.Header{rebuildHeader(a.state.RebuildFrom(a.reader.Next()))}
	if a.tails.at[output] != nothing {
		headers = append(headers, positionHeader(a.tails.at[output]))
	}
	return headers
}

// apply moves the state by records, writes what changed in one fenced batch and publishes
// what they caused. It returns how many it took: all of them, unless their windows are too
// much to be read at once.
func (a *applier) apply(ctx context.Context, records []schemas.Message) (n int, err error) {
	// The outputs say where a rebuild begins. That is the place for the state before the
	// batch, so that it holds whichever part of the batch's outputs gets out.
	rebuild := a.state.RebuildFrom(records[0].Offset)
	a.outputs = a.outputs[:0]
	if n, err = a.steps(ctx, records); err == nil {
		err = a.state.Lost()
	}
	if err != nil {
		return 0, err
	}
	last := records[n-1].Offset
	a.batch.Seal = sealOf(&records[n-1])
	a.batch.Patients = a.state.Writes(a.batch.Patients[:0])
	a.batch.Outbox = a.tails.outbox(a.batch.Outbox[:0], a.outputs, rebuild)
	if len(a.batch.Patients) > 0 || len(a.batch.Outbox) > 0 {
		if err := a.write(ctx, last); err != nil {
			return 0, err
		}
		if err := a.publish(ctx); err != nil {
			return 0, err
		}
	}
	a.count(last)
	return n, nil
}

// steps moves the state by records. It reads windows from the store once; where a later
// record wants others it stops before that record, and returns how many it took.
func (a *applier) steps(ctx context.Context, records []schemas.Message) (n int, err error) {
	a.state.Number = a.tenure.Partition
	looked := false
	for i := range records {
		ok, err := a.decode(&a.record, &records[i])
		if err != nil {
			return 0, err
		}
		if !ok {
			continue
		}
		if u := a.record.Use; u != nil && !a.monitor.Has(*u) {
			if i > 0 { // what stands in front is written first
				return i, nil
			}
			judge, err := a.service.judgeOf(ctx, *u)
			if err == nil {
				err = a.switchTo(ctx, judge)
			}
			if err != nil {
				return 0, err
			}
		}
		if a.wanted = a.state.Wants(&a.record, a.wanted); len(a.wanted) > 0 {
			if looked {
				return i, nil
			}
			looked = true
			if err := a.look(ctx, records[i+1:]); err != nil {
				return 0, err
			}
		}
		if a.outputs, err = a.monitor.Step(a.state, &a.record, records[i].Offset, a.outputs); err != nil {
			return 0, fmt.Errorf("log record at offset %d: %w", records[i].Offset, err)
		}
	}
	return len(records), nil
}

// decode reads a record of the log. ok is false where the record is not for Step: a claim, an
// offsets record, or what somebody else has written there.
func (a *applier) decode(rec *schemas.Record, m *schemas.Message) (ok bool, err error) {
	switch kind, _ := m.Header(schemas.HeaderType); kind {
	case schemas.TypeLog:
	case schemas.TypeClaim, schemas.TypeOffsets:
		return false, nil
	default:
		a.stats.Foreign.Add(1)
		a.service.Log.Warn().Int("partition", a.tenure.Partition).Int64("offset", m.Offset).Str("type", kind).Msg("a record in the log that is not intake's: left out")
		return false, nil
	}
	if err := rec.Decode(m.Value); err != nil {
		return false, fmt.Errorf("log record at offset %d cannot be read: %w; a newer version may have written it: run that one", m.Offset, err)
	}
	return true, nil
}

// write has the store apply the batch, and sends the same bytes until the store answers. An
// answer that says Already means that an earlier try was applied and its answer lost.
func (a *applier) write(ctx context.Context, last int64) error {
	a.batch.Partition, a.batch.Owner = a.tenure.Partition, a.nonce
	a.batch.Prev, a.batch.Last, a.batch.Published = a.applied, last, a.published
	if err := a.tenure.At("stepped"); err != nil {
		return err
	}
	var (
		answer  window.Answer
		applied int64
	)
	err := a.service.retryStore(ctx, func() (err error) {
		answer, applied, err = a.service.Store.Apply(ctx, &a.batch)
		return err
	})
	if err != nil {
		return fmt.Errorf("applying %d to %d: %w", a.batch.Prev+1, last, err)
	}
	for i := range a.batch.Patients { // their memory is used again and must not keep an hour's chunk alive
		clear(a.batch.Patients[i].Chunks)
	}
	switch answer { // the others say that the store was rolled back or has another owner
	case window.OK, window.Already:
		a.applied, a.published = last, window.Position{}
		return a.tenure.At("applied")
	}
	return fmt.Errorf("%w: the store answers %s to offsets %d to %d and stands at %d", kafka.ErrAgain, answer, a.batch.Prev+1, last, applied)
}

// count adds to the statistics what the state has counted since the last call, up to the
// log offset last.
func (a *applier) count(last int64) {
	c := a.state.Counts()
	a.stats.Records.Add(int64(c.Records - a.counted.Records))
	a.stats.Duplicates.Add(int64(c.Duplicates - a.counted.Duplicates))
	a.stats.Crossed.Add(int64(c.Crossed - a.counted.Crossed))
	a.stats.Unadmitted.Add(int64(c.Unadmitted - a.counted.Unadmitted))
	a.stats.Unmatched.Add(int64(c.Unmatched - a.counted.Unmatched))
	a.stats.Forgotten.Add(int64(c.Forgotten - a.counted.Forgotten))
	a.stats.Gone.Add(int64(c.Gone - a.counted.Gone))
	a.stats.Overfull.Add(int64(c.Overfull - a.counted.Overfull))
	a.stats.Restarts.Add(int64(c.Restarts - a.counted.Restarts))
	a.stats.Scores.Add(int64(c.Scores - a.counted.Scores))
	a.stats.Alerts.Add(int64(c.Alerts - a.counted.Alerts))
	a.stats.Abstained.Add(int64(c.Abstained - a.counted.Abstained))
	a.stats.beside.note(a.monitor, a.state)
	a.counted = c
	a.stats.OpenStays.Store(int64(a.state.Open()))
	a.stats.LateStays.Store(int64(a.state.Late(maxLate)))
	if a.stats.Applied.Swap(last) < last {
		a.tenure.Advance()
	}
}
