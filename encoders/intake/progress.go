package intake

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// progress is the body of a vigil.offsets.v1 record: what an output holds of the
// raw topics once the batch that it ends is in. Lists go by schemas.RawTopics.
// The log's says where a restart goes on; the dead letters' only what they are
// ahead of it, as a step writes them first.
type progress struct {
	Step   int64   `json:"step"`           // number of the step; the larger of two outputs' is ahead
	Direct []int64 `json:"direct"`         // all direct messages below this raw offset are in
	Run    string  `json:"run,omitempty"`  // in progress
	Over   string  `json:"over,omitempty"` // the run before it: its marks may come again

	// The log's.
	Next     []int64 `json:"next,omitempty"`  // read on here: no recorded message below is missing
	Marks    []int64 `json:"marks,omitempty"` // largest mark below Next, -1: none
	Ended    []bool  `json:"ended,omitempty"` // the run's end mark is below Next
	Frontier int64   `json:"frontier"`        // playing time up to which the run is written, -1: none
	Part     int     `json:"part,omitempty"`  // records with the playing time Frontier+1 that are in, in Compare's order
	Live     bool    `json:"live,omitempty"`  // live events were written: ticks of the clock go on
	At       int64   `json:"at,omitempty"`    // last at of a live record or tick, Unix ms

	// The dead letters'.
	Judged []int64 `json:"judged,omitempty"` // all recorded messages below this raw offset that marks have judged are in
	Clock  []int64 `json:"clock,omitempty"`  // clock by which the newest direct messages were judged, Unix ms
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
		p.Direct = slices.Clone(p.Next) // what was written before there was a Direct
	}
	if p.Judged == nil {
		p.Judged = slices.Clone(p.Next)
	}
	if p.Clock == nil {
		p.Clock = make([]int64, n)
	}
}

func (p *progress) message() schemas.Message {
	b, _ := json.Marshal(p) // numbers, strings and booleans always marshal
	return schemas.Message{Key: []byte("offsets"), Value: b, Headers: offsetsHeaders}
}

var offsetsHeaders = []schemas.Header{
	{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeOffsets}, {Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
}

// parseProgress reads the body of an offsets record.
func parseProgress(m *schemas.Message) (progress, error) {
	p := progress{Frontier: -1}
	err := json.Unmarshal(m.Value, &p)
	if err == nil {
		p.fill()
		for _, n := range [...]int{len(p.Next), len(p.Marks), len(p.Ended), len(p.Direct), len(p.Judged), len(p.Clock)} {
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

// lastProgress finds the newest offsets record of a tail. found is false where
// there is none.
func lastProgress(tail []schemas.Message) (p progress, found bool, err error) {
	for i := len(tail) - 1; i >= 0; i-- {
		if kind, _ := tail[i].Header(schemas.HeaderType); kind == schemas.TypeOffsets {
			p, err = parseProgress(&tail[i])
			return p, err == nil, err
		}
	}
	return newProgress(), false, nil
}

// newestProgress reads the newest offsets record of an output; claims may stand
// behind it. found is false where there is none.
func newestProgress(ctx context.Context, c *kafka.Cluster, topic string, partition int) (p progress, found bool, err error) {
	for n := 16; ; n *= 8 {
		tail, err := c.LastRecords(ctx, topic, partition, n)
		if err != nil {
			return p, false, err
		}
		if p, found, err = lastProgress(tail); err != nil || found || len(tail) < n {
			return p, found, err
		}
	}
}

// Logged says whether the log of a partition holds a run up to a playing time: what
// Worker.Reached says of this process's own work, read from the log by anybody.
func Logged(ctx context.Context, c *kafka.Cluster, partition int, run string, play int64) (bool, error) {
	p, _, err := newestProgress(ctx, c, schemas.TopicLog, partition)
	return err == nil && (p.Over == run || p.Run == run && p.Frontier >= play), err
}
