package ingest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	kafka "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"

	"github.com/vigil-icu/vigil/schemas"
)

// Cluster says how to reach a Kafka. The zero value of all but Brokers is good.
// It is safe for concurrent use; fields must not change after the first call.
type Cluster struct {
	Brokers []string
	Prefix  string // of all topic names
	TLS     *tls.Config
	SASL    sasl.Mechanism
	Dial    func(ctx context.Context, network, address string) (net.Conn, error) // nil: a plain dial
	Log     zerolog.Logger

	once      sync.Once
	transport *kafka.Transport
	client    *kafka.Client
	dialer    *kafka.Dialer
}

// ErrUnreachable: no broker answers.
var ErrUnreachable = errors.New("no Kafka broker answers")

func (c *Cluster) init() {
	c.once.Do(func() {
		c.transport = &kafka.Transport{
			Dial: c.Dial, TLS: c.TLS, SASL: c.SASL, ClientID: "vigil",
			DialTimeout: 3 * time.Second, MetadataTTL: time.Second, IdleTimeout: 30 * time.Second,
		}
		c.client = &kafka.Client{Addr: kafka.TCP(c.Brokers...), Timeout: 15 * time.Second, Transport: c.transport}
		c.dialer = &kafka.Dialer{ClientID: "vigil", Timeout: 3 * time.Second, DialFunc: c.Dial, TLS: c.TLS, SASLMechanism: c.SASL}
	})
}

// Close ends idle connections.
func (c *Cluster) Close() {
	c.init()
	c.transport.CloseIdleConnections()
}

func (c *Cluster) topic(name string) string { return c.Prefix + name }

// Reach waits until a broker answers, at most until ctx ends.
func (c *Cluster) Reach(ctx context.Context) error {
	c.init()
	var last error
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		for _, address := range c.Brokers {
			conn, err := c.dialer.DialContext(ctx, "tcp", address)
			if err == nil {
				_ = conn.SetDeadline(time.Now().Add(3 * time.Second))
				_, err = conn.Brokers()
				conn.Close()
				if err == nil {
					return nil
				}
			}
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w at %v: %w", ErrUnreachable, c.Brokers, last)
		case <-time.After(wait):
		}
	}
}

// Partitions returns the partition count that all topics share.
func (c *Cluster) Partitions(ctx context.Context) (int, error) {
	counts, err := c.counts(ctx)
	if err != nil {
		return 0, err
	}
	n := counts[schemas.TopicLog]
	for _, topic := range schemas.Topics {
		if counts[topic] != n || n == 0 {
			return 0, fmt.Errorf("topic %s has %d partitions, %s has %d: all must have as many; make missing topics with `vigil topics init`",
				c.topic(topic), counts[topic], c.topic(schemas.TopicLog), n)
		}
	}
	return n, nil
}

// counts returns partitions per topic that is there.
func (c *Cluster) counts(ctx context.Context) (map[string]int, error) {
	c.init()
	names := make([]string, len(schemas.Topics))
	for i, topic := range schemas.Topics {
		names[i] = c.topic(topic)
	}
	var r *kafka.MetadataResponse
	err := retry(ctx, func() (err error) {
		r, err = c.client.Metadata(ctx, &kafka.MetadataRequest{Topics: names})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading topic metadata: %w", err)
	}
	counts := map[string]int{}
	for i := range r.Topics {
		if r.Topics[i].Error == nil {
			counts[r.Topics[i].Name[len(c.Prefix):]] = len(r.Topics[i].Partitions)
		}
	}
	return counts, nil
}

// Ends returns, per partition, the first offset that is there and the next one
// to be written.
func (c *Cluster) Ends(ctx context.Context, topic string) (first, next []int64, err error) {
	c.init()
	counts, err := c.counts(ctx)
	if err != nil {
		return nil, nil, err
	}
	n := counts[topic]
	if n == 0 {
		return nil, nil, fmt.Errorf("there is no topic %s: make it with `vigil topics init`", c.topic(topic))
	}
	requests := make([]kafka.OffsetRequest, 0, 2*n)
	for p := range n {
		requests = append(requests, kafka.FirstOffsetOf(p), kafka.LastOffsetOf(p))
	}
	err = retry(ctx, func() error {
		r, err := c.client.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{c.topic(topic): requests}})
		if err != nil {
			return err
		}
		first, next = make([]int64, n), make([]int64, n)
		for _, p := range r.Topics[c.topic(topic)] {
			if p.Error != nil {
				return p.Error
			}
			first[p.Partition], next[p.Partition] = p.FirstOffset, p.LastOffset
		}
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("offsets of %s: %w", topic, err)
	}
	return first, next, nil
}

// temporary says whether the same call may succeed later: the broker's own
// temporary errors and the network's.
func temporary(err error) bool {
	if err == nil {
		return false
	}
	var code kafka.Error
	if errors.As(err, &code) {
		switch code {
		case kafka.UnknownTopicOrPartition, kafka.LeaderNotAvailable, kafka.NotLeaderForPartition, kafka.RequestTimedOut,
			kafka.BrokerNotAvailable, kafka.ReplicaNotAvailable, kafka.NetworkException, kafka.GroupLoadInProgress,
			kafka.GroupCoordinatorNotAvailable, kafka.NotCoordinatorForGroup, kafka.NotEnoughReplicas,
			kafka.NotEnoughReplicasAfterAppend, kafka.ConcurrentTransactions:
			return true
		}
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.ErrNoProgress) || errors.Is(err, context.DeadlineExceeded)
}

// retry calls f until it succeeds, fails for good or ctx ends.
func retry(ctx context.Context, f func() error) error {
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := f()
		if err == nil || !temporary(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%w (last: %w)", ctx.Err(), err)
		case <-time.After(wait):
		}
	}
}
