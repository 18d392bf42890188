package kafka

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rs/zerolog"

	"github.com/vigil-icu/vigil/ingest/retry"
	"github.com/vigil-icu/vigil/schemas"
)

// Ownership says how a stage owns partitions: under which name it writes, which topics of
// a partition it claims, and which errors a new claim mends. Its fields must not change
// after the first call.
type Ownership struct {
	Cluster  *Cluster
	Doing    string   // what the stage does, for its last error: "intake of partition"
	Producer string   // begins the transactional id, which ends with the partition's number
	Outputs  []string // the topics that are claimed, in this order, without prefix
	Idle     Idle
	Log      zerolog.Logger

	// Mends says which errors besides ErrFenced and ErrAgain a new claim mends; nil: none.
	Mends func(error) bool
	// Cut is called at the named points of a tenure. A test of crashes ends the tenure
	// there by returning an error; elsewhere it is nil.
	Cut func(point string) error
}

// Tenant is what a stage does with a partition that it owns. Hold makes one for each
// tenure, calls its methods once each, in this order and on one goroutine, and drops it
// when one of them returns. An error of any of them ends the tenure.
//
// Whatever a Tenant does may be cut off at any place and done again by the next one, of
// this process or another. What it has written it must therefore find in its outputs, and
// not write twice.
type Tenant interface {
	// Claim comes before the outputs are claimed. It refuses a partition that cannot be
	// worked and takes what fences an older owner besides the outputs, such as a store.
	// The older owner can still write to the outputs: nothing may be read from them yet.
	Claim(ctx context.Context) error
	// Load comes after every output holds this tenure's claim. Older owners are refused
	// there from now on, so that what Load reads of the outputs stays true.
	Load(ctx context.Context) error
	// Work works the partition, with Tenure.Keep between its steps. It returns nil where
	// the partition must be claimed anew at once and nothing is wrong.
	Work(ctx context.Context) error
}

// ErrAgain is returned by a Tenant whose view of the partition is no longer true, because
// another owner was there or a server lost something: the next tenure reads it anew.
var ErrAgain = errors.New("begin again from the claim")

// errRenew ends a tenure so that the next one has a producer id that was just renewed.
var errRenew = errors.New("the producer's id is renewed")

// Tenure is one ownership of one partition: it lasts from the claim to the first thing
// that shakes it.
type Tenure struct {
	Partition int
	Producer  *Producer // holds the claims of the outputs

	own          *Ownership
	first        Picture // at the claim
	alive, renew *time.Ticker
	advanced     bool
}

// Hold owns a partition, tenure by tenure, until ctx ends, the lease is lost or a tenure
// fails for good. begin makes the Tenant of a tenure; it must not do I/O.
//
// Each tenure asks first whether the lease still holds (nil: there is none to ask about).
// It calls Tenant.Claim, raises the producer's epoch and writes a claim record into each
// output: an older owner is refused in an output from its claim record on, with ErrFenced.
// Then come Load and Work. After ErrFenced, ErrAgain and what Mends names, the log gets a
// line and the next tenure begins after a pause, which doubles to 2 s and is short again
// once a tenure has advanced. When Work returns nil, or Keep has said that the producer's
// id must be renewed, the next tenure begins at once.
//
// The error is ctx's, ErrLeaseLost or another one of Lease.Check, or the tenure's own,
// behind Doing and the partition's number.
func (o *Ownership) Hold(ctx context.Context, partition int, lease *Lease, begin func(*Tenure) Tenant) error {
	backoff := retry.Backoff{First: 20 * time.Millisecond, Longest: 2 * time.Second}
	for {
		if lease != nil {
			if err := lease.Check(ctx); err != nil {
				return err
			}
		}
		t := &Tenure{
			Partition: partition, own: o,
			Producer: o.Cluster.NewProducer(fmt.Sprintf("%s%s-%d", o.Cluster.Prefix, o.Producer, partition)),
		}
		err := t.serve(ctx, begin(t))
		if t.advanced {
			backoff.Reset()
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err == nil, errors.Is(err, errRenew):
			backoff.Reset()
			continue
		case errors.Is(err, ErrFenced), errors.Is(err, ErrAgain), o.Mends != nil && o.Mends(err):
			o.Log.Warn().Err(err).Int("partition", partition).Msg("claiming the partition again")
		default:
			return fmt.Errorf("%s %d: %w", o.Doing, partition, err)
		}
		if err := backoff.Pause(ctx); err != nil {
			return err
		}
	}
}

// serve runs a tenure from its claims to its end.
func (t *Tenure) serve(ctx context.Context, tenant Tenant) error {
	var err error
	if t.first, err = t.own.Cluster.Picture(ctx); err != nil {
		return err
	}
	if err := tenant.Claim(ctx); err != nil {
		return err
	}
	for _, topic := range t.own.Outputs {
		if err := t.Producer.Claim(ctx, topic, []int{t.Partition}, nil); err != nil {
			return err
		}
	}
	if err := t.At("claimed outputs"); err != nil {
		return err
	}
	if err := tenant.Load(ctx); err != nil {
		return err
	}
	t.alive, t.renew = time.NewTicker(t.own.Idle.AlivePeriod()), time.NewTicker(t.own.Idle.RenewPeriod())
	defer t.alive.Stop()
	defer t.renew.Stop()
	return tenant.Work(ctx)
}

// Picture is how the topics looked when the tenure began.
func (t *Tenure) Picture() Picture { return t.first }

// stays returns an error where the topics are no longer those of the tenure's beginning:
// ErrGrown where one has another number of partitions, ErrAgain where one was made anew, which
// the next tenure takes account of.
func (t *Tenure) stays() error {
	now := t.own.Cluster.glance()
	if err := now.Same(t.first.Topics[schemas.TopicLog].Partitions); err != nil {
		return err
	}
	for topic, is := range now.Topics {
		if was, ok := t.first.Topics[topic]; ok && is.ID != "" && was.ID != "" && is.ID != was.ID {
			return fmt.Errorf("%w: topic %s was made anew", ErrAgain, topic)
		}
	}
	return nil
}

// Keep keeps the brokers from forgetting the tenure, as Idle says, and ends it where a topic
// has changed, within a few seconds. Work calls it between
// its steps, at least every second; mostly it does nothing. When the outputs are due it
// writes a claim record into each again, with what headers returns for the output of that
// number in Outputs (nil: with none), so that what a tail says can be found in an idle
// topic too. Work must return its error, which may be that the id is to be renewed.
func (t *Tenure) Keep(ctx context.Context, headers func(output int) []schemas.Header) error {
	if err := t.stays(); err != nil {
		return err
	}
	select {
	case <-t.renew.C:
		return errRenew
	case <-t.alive.C:
	default:
		return nil
	}
	for i, topic := range t.own.Outputs {
		var also []schemas.Header
		if headers != nil {
			also = headers(i)
		}
		if err := t.Producer.KeepAlive(ctx, topic, t.Partition, also); err != nil {
			return err
		}
	}
	return nil
}

// Advance is for a Tenant whose partition has got on: should the tenure end now, the next
// one comes after the shortest pause.
func (t *Tenure) Advance() { t.advanced = true }

// At is a named point at which a test may cut the tenure off. The Tenant must return its
// error.
func (t *Tenure) At(point string) error {
	if t.own.Cut == nil {
		return nil
	}
	return t.own.Cut(point)
}
