package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// Limits of a batch, without the record that ends it. They lie well below those at which
// the producer would cut it, also under Kafka's own max.message.bytes of 1 MiB: a batch is
// in as a whole or not at all. A larger record goes alone.
const (
	batchRecords = 1500
	batchBytes   = 512 << 10
	recordBytes  = 200 // upper bound of what stands around key and value
)

func (w *Worker) batchRecords() int {
	if w.most > 0 {
		return w.most
	}
	return batchRecords
}

// mostLoad is what a run may bring between two marks.
func (w *Worker) mostLoad() load {
	if w.load != (load{}) {
		return w.load
	}
	l := w.Encoder.Limits
	return load{l.Of(schemas.LimitRunMessages), l.Of(schemas.LimitRunBytes)}
}

// outlet is one of the two topics that intake appends to, and the batch that gathers for
// it.
type outlet struct {
	topic string
	point string   // the tenure's point behind each batch
	state progress // what the topic holds once the batch is in

	batch []schemas.Message
	bytes int
	arena []byte // the values of the batch

	records int64            // patients' records in the batch
	reasons []schemas.Reason // one for each dead letter in the batch
}

// full says whether a record of a size must wait for the next batch, where one takes most
// records.
func (out *outlet) full(size, most int) bool {
	return len(out.batch) > 0 && (len(out.batch) >= most || out.bytes+size > batchBytes)
}

func (out *outlet) put(m schemas.Message) {
	out.batch = append(out.batch, m)
	out.bytes += recordBytes + len(m.Key) + len(m.Value)
}

// empty forgets a batch that is in.
func (out *outlet) empty() {
	clear(out.batch)
	if cap(out.arena) > 2*batchBytes { // a large record was in it
		out.arena = nil
	}
	out.batch, out.arena, out.reasons = out.batch[:0], out.arena[:0], out.reasons[:0]
	out.bytes, out.records = 0, 0
}

// addLetter puts the dead letter of an item into the batch of dead letters. A batch that
// has no room for it goes out first.
func (l *logWriter) addLetter(ctx context.Context, i *Item) error {
	letter := kafka.NewDeadLetter(&i.message, i.problem, i.source, i.partial)
	letter.More = i.more
	if i.sum != "" {
		letter.Length, letter.SHA256 = i.length, i.sum
	}
	body, err := schemas.EncodeDeadLetter(&letter)
	if err != nil {
		return fmt.Errorf("%s/%d offset %d: its dead letter cannot be encoded: %w", i.message.Topic, i.message.Partition, i.message.Offset, err)
	}
	key := i.source
	if key == "" {
		key = "unknown"
	}
	if l.dead.full(recordBytes+len(key)+len(body), l.worker.batchRecords()) {
		if err := l.appendBatch(ctx, &l.dead); err != nil {
			return err
		}
	}
	l.dead.put(schemas.Message{Key: []byte(key), Value: body, Headers: []schemas.Header{
		{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeDeadLetter},
		{Key: schemas.HeaderID, Value: fmt.Sprintf("%s/%d/%d", i.message.Topic, i.message.Partition, i.message.Offset)},
		{Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
	}})
	l.dead.reasons = append(l.dead.reasons, i.problem.Reason)
	return nil
}

var logHeaders = []schemas.Header{
	{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeLog}, {Key: schemas.HeaderContentType, Value: schemas.ContentLog},
}

// Keys of the log records that belong to no patient.
var (
	tickKey = []byte("tick")
	useKey  = []byte("use")
	gapKey  = []byte("gap")
)

// progress is the body of a vigil.offsets.v1 record, which ends every batch: it says what
// an outlet holds of the raw topics once the batch is in. Its lists go by
// schemas.RawTopics. The log's says where a restart goes on. The dead letters' says only
// by what they are ahead of the log, since a step writes them first.
type progress struct {
	Step   int64   `json:"step"`           // number of the step; the outlet with the larger one is ahead
	Direct []int64 `json:"direct"`         // all direct messages below this raw offset are in
	Run    string  `json:"run,omitempty"`  // the run in progress
	Over   string  `json:"over,omitempty"` // the run before it, whose marks may come again

	Topics     []string `json:"topics,omitempty"`     // ids of the raw topics whose offsets these are; empty: not known
	Partitions int      `json:"partitions,omitempty"` // of every topic, 0: not known

	// Of the log alone.
	Next     []int64 `json:"next,omitempty"`  // offset to read on from: no recorded message below it is missing
	Marks    []int64 `json:"marks,omitempty"` // largest mark below Next, -1: none
	Ended    []bool  `json:"ended,omitempty"` // the run's end mark lies below Next
	Frontier int64   `json:"frontier"`        // playing time up to which the run is written, ms, -1: none
	Part     int     `json:"part,omitempty"`  // so many records of the playing time Frontier+1 are in, the first in Compare's order
	Use      *asked  `json:"use,omitempty"`   // what the log asks for; nil: not known
	Live     bool    `json:"live,omitempty"`  // live events were written, so that ticks of the clock go on
	At       int64   `json:"at,omitempty"`    // time of the last live record or tick, Unix ms

	// Of the dead letters alone.
	Judged []int64 `json:"judged,omitempty"` // all that marks have found wrong below this raw offset are in
	Clock  []int64 `json:"clock,omitempty"`  // the clock by which the newest direct messages were judged, Unix ms
}

func newProgress() progress {
	p := progress{Frontier: -1}
	p.fill()
	return p
}

// fill completes the lists that a record does not carry.
func (p *progress) fill() {
	n := len(schemas.RawTopics)
	if p.Next == nil {
		p.Next, p.Ended, p.Marks = make([]int64, n), make([]bool, n), slices.Repeat([]int64{-1}, n)
	}
	if p.Direct == nil {
		p.Direct = slices.Clone(p.Next) // the record is older than the list
	}
	if p.Judged == nil {
		p.Judged = slices.Clone(p.Next)
	}
	if p.Clock == nil {
		p.Clock = make([]int64, n)
	}
	if p.Topics == nil {
		p.Topics = make([]string, n)
	}
}

func (p *progress) message() schemas.Message {
	b, _ := json.Marshal(p) // numbers, strings and booleans always marshal
	return schemas.Message{Key: []byte("offsets"), Value: b, Headers: offsetsHeaders}
}

var offsetsHeaders = []schemas.Header{
	{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeOffsets}, {Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
}

func parseProgress(m *schemas.Message) (progress, error) {
	p := progress{Frontier: -1}
	err := json.Unmarshal(m.Value, &p)
	if err == nil {
		p.fill()
		for _, n := range [...]int{len(p.Next), len(p.Marks), len(p.Ended), len(p.Direct), len(p.Judged), len(p.Clock), len(p.Topics)} {
			if n != len(schemas.RawTopics) {
				err = fmt.Errorf("a list of %d raw topics, want %d", n, len(schemas.RawTopics))
			}
		}
	}
	if err != nil {
		return p, fmt.Errorf("%s/%d offset %d: the offsets record cannot be read: %w; a newer version may have written it: run that one", m.Topic, m.Partition, m.Offset, err)
	}
	return p, nil
}

// newestProgress reads the newest offsets record of an outlet, behind which claims may
// stand. found is false where there is none; p is then that of an empty topic.
func newestProgress(ctx context.Context, c *kafka.Cluster, topic string, partition int) (p progress, found bool, err error) {
	m, found, err := c.LastThat(ctx, topic, partition, func(m *schemas.Message) bool {
		kind, _ := m.Header(schemas.HeaderType)
		return kind == schemas.TypeOffsets
	})
	if err != nil || !found {
		return newProgress(), false, err
	}
	p, err = parseProgress(&m)
	return p, err == nil, err
}

// Logged says whether the log of a partition holds a run up to a playing time (ms), or the
// whole run: what Worker.Reached says of this process's own work, read from the log by
// anybody. An error means that the log cannot be read.
func Logged(ctx context.Context, c *kafka.Cluster, partition int, run string, play int64) (bool, error) {
	p, _, err := newestProgress(ctx, c, schemas.TopicLog, partition)
	return err == nil && (p.Over == run || p.Run == run && p.Frontier >= play), err
}
