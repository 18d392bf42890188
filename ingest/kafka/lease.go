package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/ingest/retry"
)

// Lease is a worker's right to a partition within a generation of the group.
type Lease struct {
	cluster    *Cluster
	group      string
	member     string
	generation int32
}

// String names member and generation: unique per lease.
func (l *Lease) String() string { return fmt.Sprintf("%s#%d", l.member, l.generation) }

// ErrLeaseLost means that the group has given the partition to another member.
var ErrLeaseLost = errors.New("the lease of the partition is lost")

// undecided is how long Check looks for a coordinator before it goes on without one.
const undecided = 3 * time.Second

// Check asks the coordinator whether the lease still holds, and returns ErrLeaseLost where it
// does not. During a rebalance it holds. It also holds where no coordinator is to be found
// because the group is moving to another broker: the generation, which ends with ctx, says
// then who owns the partition, and a stranger is refused by store and topics anyway.
func (l *Lease) Check(ctx context.Context) error {
	begun := now()
	return l.cluster.retry(ctx, "checking a lease", func() error {
		err := l.ask(ctx)
		if noCoordinator(err) && ctx.Err() == nil && now().Sub(begun) > undecided {
			l.cluster.Log.Warn().Err(err).Msg("the group's coordinator is not to be found: going on under the lease")
			return nil
		}
		return err
	})
}

// ask sends one heartbeat and says what the coordinator thinks of the lease.
func (l *Lease) ask(ctx context.Context) error {
	r, err := l.cluster.client.Heartbeat(ctx, &kafkago.HeartbeatRequest{
		Addr: l.cluster.client.Addr, GroupID: l.group, GenerationID: l.generation, MemberID: l.member,
	})
	if err != nil {
		return err
	}
	switch code := heartbeatCode(r); {
	case code == 0, code == kafkago.RebalanceInProgress:
		return nil
	default:
		return l.refused(code)
	}
}

// heartbeatCode is the error code of a heartbeat's answer. On the wire it stands
// behind four bytes of throttle time; kafka-go 0.4.51 reads it as if it stood
// before them, so that it lands in the lower half of Throttle.
func heartbeatCode(r *kafkago.HeartbeatResponse) kafkago.Error {
	return kafkago.Error(int16(r.Throttle / time.Millisecond))
}

// Commit tells the group the next offset that is to be read of a partition. It is for those
// who watch the lag, and nothing is decided by it. It returns ErrLeaseLost where another
// member has the partition.
func (l *Lease) Commit(ctx context.Context, topic string, partition int, next int64) error {
	name := l.cluster.topic(topic)
	return l.cluster.retry(ctx, "committing an offset", func() error {
		r, err := l.cluster.client.OffsetCommit(ctx, &kafkago.OffsetCommitRequest{
			Addr: l.cluster.client.Addr, GroupID: l.group, GenerationID: int(l.generation), MemberID: l.member,
			Topics: map[string][]kafkago.OffsetCommit{name: {{Partition: partition, Offset: next}}},
		})
		if err != nil {
			return err
		}
		for _, p := range r.Topics[name] {
			var code kafkago.Error
			if errors.As(p.Error, &code) && code != kafkago.RebalanceInProgress {
				return l.refused(code)
			}
		}
		return nil
	})
}

// followEvery is the period in which Follow looks and commits.
const followEvery = 250 * time.Millisecond

// Follow commits the offset that next returns, as it grows, until ctx ends or the lease is
// lost, and returns which. A coordinator that is away delays the commits and nothing else.
func (l *Lease) Follow(ctx context.Context, topic string, partition int, next func() int64) error {
	for last := int64(0); ; {
		if at := next(); at > last {
			if err := l.Commit(ctx, topic, partition, at); err != nil {
				return err
			}
			last = at
		}
		if err := retry.Pause(ctx, followEvery); err != nil {
			return err
		}
	}
}

// refused makes the error of a coordinator's refusal: the code alone where it passes,
// ErrDenied for want of rights, else ErrLeaseLost.
func (l *Lease) refused(code kafkago.Error) error {
	if temporary(code) {
		return code
	}
	if err := denied(code, "Read on the group and on the topic"); errors.Is(err, ErrDenied) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrLeaseLost, code)
}
