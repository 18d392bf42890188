package intake

import (
	"context"

	"github.com/vigil-icu/vigil/schemas"
)

// Limits of a batch, but for what ends it. They are well below those at which the
// producer would cut it, also with Kafka's own max.message.bytes of 1 MiB: a batch is
// in as a whole or not at all. A larger record goes alone.
const (
	batchRecords = 1500
	batchBytes   = 512 << 10
	recordBytes  = 200 // upper bound of what stands around key and value
)

// output is one of the two topics that intake appends to.
type output struct {
	topic string
	point string   // what tests call a batch that is in
	state progress // what the output holds once the batch is in

	batch []schemas.Message
	bytes int
	arena []byte // values of the batch

	records int64            // of patients, in the batch
	reasons []schemas.Reason // of the batch's dead letters
}

// full says whether a record of a size must wait for the next batch.
func (o *owner) full(out *output, size int) bool {
	return len(out.batch) > 0 && (len(out.batch) >= o.w.batchRecords() || out.bytes+size > batchBytes)
}

func (out *output) add(m schemas.Message) {
	out.batch = append(out.batch, m)
	out.bytes += recordBytes + len(m.Key) + len(m.Value)
}

// addRecord adds a record under a key to the log's batch. Where the batch is full it
// goes out first, with the state as it is: the state says only behind this that the
// record is in.
func (o *owner) addRecord(ctx context.Context, r *schemas.Record, key []byte) error {
	out := &o.log
	start := len(out.arena)
	out.arena = r.AppendBinary(out.arena)
	if value := out.arena[start:]; o.full(out, recordBytes+len(key)+len(value)) {
		if err := o.cut(ctx, out); err != nil {
			return err
		}
		start, out.arena = 0, append(out.arena, value...)
	}
	out.add(schemas.Message{Key: key, Value: out.arena[start:len(out.arena):len(out.arena)], Headers: logHeaders})
	if r.Patient != "" {
		out.records++
	}
	return nil
}

var logHeaders = []schemas.Header{
	{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeLog}, {Key: schemas.HeaderContentType, Value: schemas.ContentLog},
}

// Keys of the records that belong to no patient.
var (
	tickKey = []byte("tick")
	useKey  = []byte("use")
	gapKey  = []byte("gap")
)

// cut appends what has gathered as one batch, which ends with the state.
func (o *owner) cut(ctx context.Context, out *output) error {
	out.add(out.state.message())
	if _, err := o.producer.Append(ctx, out.topic, o.partition, out.batch); err != nil {
		return err
	}
	o.stats.note(out, &o.log.state)
	clear(out.batch)
	out.batch, out.arena, out.reasons = out.batch[:0], out.arena[:0], out.reasons[:0]
	out.bytes, out.records = 0, 0
	return o.at(out.point)
}

// at is a named point at which tests may end the owner.
func (o *owner) at(point string) error {
	if o.w.cut == nil {
		return nil
	}
	return o.w.cut(point)
}
