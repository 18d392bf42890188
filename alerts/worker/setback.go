package worker

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"

	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window"
)

// sealOf is a checksum of a log record, by which the store knows the one that it applied last.
// The record's time is part of it: a log that goes on anew from an older copy has the same
// records at other times. 0 stands for none.
func sealOf(m *schemas.Message) uint64 {
	sum := fnv.New64a()
	var fixed [16]byte
	binary.BigEndian.PutUint64(fixed[:], uint64(m.Appended))
	binary.BigEndian.PutUint64(fixed[8:], uint64(len(m.Key)))
	sum.Write(fixed[:])
	sum.Write(m.Key)
	sum.Write(m.Value)
	return max(1, sum.Sum64())
}

// setBack says why the store does not stand on this log, which goes from offset first to next;
// it is empty where the store does. A log of the right name was set back, as by an older copy of
// the broker's files, and the store is to be rebuilt from it. Where names are not known, the log
// may be another one, and the store is refused.
func (a *applier) setBack(ctx context.Context, stored *window.StoredPartition, first, next int64) (why string, err error) {
	if newest := a.tails.newest(); newest >= next {
		return "", fmt.Errorf("%w: the scores and alerts go to log offset %d, the log ends before %d: it has lost its end, and what comes next would be taken for published; begin anew with another --topic-prefix", ErrOtherLog, newest, next)
	}
	switch {
	case stored.Applied < first:
		return "", nil
	case stored.Applied >= next:
		why = fmt.Sprintf("the store has applied offset %d, the log ends before %d", stored.Applied, next)
	case stored.Seal != 0:
		records, err := a.service.Cluster.NewReader(schemas.TopicLog, a.tenure.Partition, stored.Applied).Read(ctx, 1)
		if err != nil {
			return "", err
		}
		if len(records) > 0 && records[0].Offset == stored.Applied && sealOf(&records[0]) != stored.Seal {
			why = fmt.Sprintf("the log record at offset %d is another one than the store has applied", stored.Applied)
		}
	}
	if why != "" && !a.known {
		return "", fmt.Errorf("%w: %s, and the broker does not name its topics: give this run a store of its own (--redis redis://HOST:PORT/1), or empty this one, if the log was set back to an older copy", ErrOtherLog, why)
	}
	return why, nil
}

// rebuild empties the partition in the store, so that it is made again from the log, and says why.
func (a *applier) rebuild(ctx context.Context, why string) (*window.StoredPartition, error) {
	a.service.Log.Error().Int("partition", a.tenure.Partition).Msg(why + ": rebuilding from the log")
	if err := a.reset(ctx); err != nil {
		return nil, err
	}
	a.state, a.monitor = monitor.NewPartition(), a.service.Monitor
	return &window.StoredPartition{Applied: -1}, nil
}
