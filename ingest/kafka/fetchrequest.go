package kafka

import (
	"fmt"
	"io"
	"slices"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/segmentio/kafka-go/protocol/fetch"
)

// Limits of a fetch in bytes. A record larger than maxFetch still comes, alone.
const (
	maxFetch    = 1 << 20   // of a partition
	maxFetchAll = 4 << 20   // of all partitions together
	maxAnswer   = 256 << 20 // of what is taken for an answer at all
)

// fetchRequest asks one broker for records of many partitions. kafka-go writes it and
// finds the broker. The answer is taken as it is on the wire, since kafka-go's own reading
// leaves out two things: where a batch ends whose last records compaction has taken, and
// which transactions were aborted.
type fetchRequest struct {
	*fetch.Request
	leader  int32
	client  string // ClientID
	version int16
}

// fetchAnswer holds what came of each partition, in the order of the answer.
type fetchAnswer struct{ parts []fetchedPart }

type fetchedPart struct {
	topic     string // with prefix
	partition int
	code      kafkago.Error
	high      int64 // offset behind the last record
	stable    int64 // offset of the first record of an open transaction, else high
	over      []aborted
	block     []byte // record batches
}

func (*fetchAnswer) ApiKey() protocol.ApiKey { return protocol.Fetch }

// newFetchRequest asks leader for what asks wait for. The broker answers as soon as it has one
// byte, or after MaxWait.
func newFetchRequest(leader int32, c *Cluster, asks []*ask) *fetchRequest {
	isolation := kafkago.ReadCommitted
	if c.ReadUncommitted {
		isolation = kafkago.ReadUncommitted
	}
	r := &fetch.Request{
		ReplicaID: -1, MaxWaitTime: int32(MaxWait.Milliseconds()), MinBytes: 1, MaxBytes: maxFetchAll,
		IsolationLevel: int8(isolation), SessionEpoch: -1,
	}
	for _, a := range asks {
		at := slices.IndexFunc(r.Topics, func(t fetch.RequestTopic) bool { return t.Topic == a.topic })
		if at < 0 {
			at = len(r.Topics)
			r.Topics = append(r.Topics, fetch.RequestTopic{Topic: a.topic})
		}
		r.Topics[at].Partitions = append(r.Topics[at].Partitions, fetch.RequestPartition{
			Partition: int32(a.partition), CurrentLeaderEpoch: -1, FetchOffset: a.offset, PartitionMaxBytes: maxFetch,
		})
	}
	return &fetchRequest{Request: r, leader: leader, client: c.ClientID}
}

// Broker tells kafka-go which broker to send the request to: the leader of all its partitions.
func (r *fetchRequest) Broker(cluster protocol.Cluster) (protocol.Broker, error) {
	b, ok := cluster.Brokers[r.leader]
	if !ok {
		return protocol.Broker{ID: -1}, kafkago.LeaderNotAvailable
	}
	return b, nil
}

// Required tells kafka-go that RawExchange does the request, and learns the version to use.
func (r *fetchRequest) Required(versions map[protocol.ApiKey]int16) bool {
	r.version = versions[protocol.Fetch]
	return true
}

// RawExchange writes the request and reads the answer. A connection carries one at a
// time, so that any correlation id will do.
func (r *fetchRequest) RawExchange(rw io.ReadWriter) (protocol.Message, error) {
	const id = 1
	if r.version < 4 {
		return nil, fmt.Errorf("the broker knows fetch requests up to version %d; Vigil needs 4, of Kafka 0.11", r.version)
	}
	if err := protocol.WriteRequest(rw, r.version, id, r.client, r.Request); err != nil {
		return nil, err
	}
	body, err := readAnswer(rw, id)
	if err != nil {
		return nil, err
	}
	return parseFetch(body, r.version)
}

// parseFetch reads the body of an answer: Kafka protocol, "Fetch Response", versions 4
// to 11.
func parseFetch(body []byte, version int16) (*fetchAnswer, error) {
	var w wire
	w.Reset(body)
	w.Skip(4) // throttle
	if version >= 7 {
		if code := kafkago.Error(w.int16()); code != 0 {
			return nil, code
		}
		w.Skip(4) // session
	}
	answer := &fetchAnswer{}
	for range w.count() {
		topic := string(w.Take(int(w.int16())))
		for range w.count() {
			p := fetchedPart{topic: topic, partition: int(w.int32()), code: kafkago.Error(w.int16())}
			p.high, p.stable = w.int64(), w.int64()
			if version >= 5 {
				w.Skip(8) // log start
			}
			for range w.count() {
				p.over = append(p.over, aborted{w.int64(), w.int64()})
			}
			if version >= 11 {
				w.Skip(4) // preferred replica
			}
			p.block = w.Take(max(0, int(w.int32())))
			answer.parts = append(answer.parts, p)
		}
	}
	if w.Err() != nil {
		return nil, fmt.Errorf("%w in an answer to a fetch", io.ErrUnexpectedEOF)
	}
	return answer, nil
}
