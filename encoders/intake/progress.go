package intake

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/schemas"
)

// progress is the body of a vigil.offsets.v1 record: what this output holds of
// the raw topics. Lists go by schemas.RawTopics.
type progress struct {
	Next     []int64 `json:"next"`           // next raw offset
	Marks    []int64 `json:"marks"`          // largest mark read, -1: none
	Ended    []bool  `json:"ended"`          // the run's end mark was read
	Run      string  `json:"run,omitempty"`  // in progress
	Over     string  `json:"over,omitempty"` // the run before it: its marks may come again
	Frontier int64   `json:"frontier"`       // playing time up to which the run is written, -1: none
	Live     bool    `json:"live,omitempty"` // live events were written: ticks of the clock go on
	At       int64   `json:"at,omitempty"`   // last at of a live record or tick, Unix ms
}

func newProgress() progress {
	p := progress{Frontier: -1}
	for range schemas.RawTopics {
		p.Next, p.Marks, p.Ended = append(p.Next, 0), append(p.Marks, -1), append(p.Ended, false)
	}
	return p
}

func (p *progress) message() schemas.Message {
	b, _ := json.Marshal(p) // numbers, strings and booleans always marshal
	return schemas.Message{Key: []byte("offsets"), Value: b, Headers: []schemas.Header{
		{Key: schemas.HeaderSpecVersion, Value: "1.0"}, {Key: schemas.HeaderType, Value: schemas.TypeOffsets}, {Key: schemas.HeaderContentType, Value: schemas.ContentJSON},
	}}
}

// lastProgress finds the newest offsets record of a tail. found is false where
// there is none.
func lastProgress(tail []schemas.Message) (p progress, found bool, err error) {
	for i := len(tail) - 1; i >= 0; i-- {
		if kind, _ := tail[i].Header(schemas.HeaderType); kind != schemas.TypeOffsets {
			continue
		}
		if err := json.Unmarshal(tail[i].Value, &p); err != nil || len(p.Next) != len(schemas.RawTopics) ||
			len(p.Marks) != len(p.Next) || len(p.Ended) != len(p.Next) {
			return p, false, fmt.Errorf("%s/%d offset %d: the offsets record cannot be read: %w; a newer version may have written it: run that one", tail[i].Topic, tail[i].Partition, tail[i].Offset, err)
		}
		return p, true, nil
	}
	return newProgress(), false, nil
}

// newestProgress reads the newest offsets record of an output; claims may stand
// behind it. found is false where there is none.
func newestProgress(ctx context.Context, c *ingest.Cluster, topic string, partition int) (p progress, found bool, err error) {
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
func Logged(ctx context.Context, c *ingest.Cluster, partition int, run string, play int64) (bool, error) {
	p, _, err := newestProgress(ctx, c, schemas.TopicLog, partition)
	return err == nil && (p.Over == run || p.Run == run && p.Frontier >= play), err
}
