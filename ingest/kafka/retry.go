package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"

	"github.com/vigil-icu/vigil/ingest/retry"
)

// retry calls f until it succeeds, fails for good or ctx ends. doing says for the log what
// f does.
func (c *Cluster) retry(ctx context.Context, doing string, f func() error) error {
	policy := retry.Policy{Server: "Kafka", Temporary: temporary, Log: &c.Log}
	return c.trouble.Retry(ctx, policy, doing, func() error {
		err := f()
		if temporary(err) && ctx.Err() == nil && elsewhere(err) {
			c.transport.CloseIdleConnections()
		}
		return err
	})
}

// elsewhere says whether the next try should go over a new connection. After a network error
// the other idle ones are as dead as this one was, and each would cost a try. A broker that
// says it is no coordinator was taken for one because kafka-go looks the coordinator up over
// a connection that it keeps, and passes over the answer that there is none.
func elsewhere(err error) bool {
	var code kafkago.Error
	return !errors.As(err, &code) || noCoordinator(err)
}

// noCoordinator says that the broker that was asked does not coordinate the group, or the
// transactional id.
func noCoordinator(err error) bool {
	return errors.Is(err, kafkago.NotCoordinatorForGroup) || errors.Is(err, kafkago.GroupCoordinatorNotAvailable)
}

// now is for deadlines of the network and for record times, which brokers replace and by which
// nothing is decided.
func now() time.Time { return time.Now() }

// temporary says whether the same call may succeed later. That holds for what the broker
// calls retriable, and for all errors of the network.
func temporary(err error) bool {
	if err == nil {
		return false
	}
	var code kafkago.Error
	if errors.As(err, &code) {
		switch code {
		case kafkago.UnknownTopicOrPartition, kafkago.LeaderNotAvailable, kafkago.NotLeaderForPartition, kafkago.RequestTimedOut,
			kafkago.BrokerNotAvailable, kafkago.ReplicaNotAvailable, kafkago.NetworkException, kafkago.GroupLoadInProgress,
			kafkago.GroupCoordinatorNotAvailable, kafkago.NotCoordinatorForGroup, kafkago.NotEnoughReplicas,
			kafkago.NotEnoughReplicasAfterAppend, kafkago.NotController, kafkago.ConcurrentTransactions,
			kafkago.FencedLeaderEpoch, kafkago.UnknownLeaderEpoch, kafkago.OffsetNotAvailable:
			return true
		}
		return false
	}
	var network net.Error
	return errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, io.ErrClosedPipe) || errors.Is(err, net.ErrClosed) || errors.Is(err, os.ErrDeadlineExceeded) ||
		errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) ||
		errors.Is(err, io.ErrNoProgress) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, protocol.ErrNoLeader)
}

// ErrDenied means that the broker does not let this user do what was asked, or log in. Its
// text names the rights that are missing.
var ErrDenied = errors.New("this user may not")

// denied makes a refusal for want of rights an ErrDenied that says which ones are
// needed; other errors stay as they are.
func denied(err error, rights string) error {
	var code kafkago.Error
	if errors.Is(err, ErrDenied) || !errors.As(err, &code) {
		return err
	}
	switch code {
	case kafkago.SASLAuthenticationFailed:
		rights = "to log in with another password or --sasl"
	case kafkago.TopicAuthorizationFailed, kafkago.GroupAuthorizationFailed, kafkago.ClusterAuthorizationFailed, kafkago.TransactionalIDAuthorizationFailed:
	default:
		return err
	}
	return fmt.Errorf("%w: %w; it needs %s", ErrDenied, err, rights)
}
