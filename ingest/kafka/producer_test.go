package kafka

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

// A broker that appends and then answers that it failed makes a plain producer
// write twice.
func TestLostAnswerWritesOnce(t *testing.T) {
	c, broker := faulty(t, 1)
	p := c.NewProducer("t")
	if err := p.Claim(t.Context(), schemas.TopicLog, []int{0}, nil); err != nil {
		t.Fatal(err)
	}
	fault := broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: schemas.TopicLog, Err: kerr.NotEnoughReplicasAfterAppend, Count: 3})
	for i := range 10 {
		mustAppend(t, p, schemas.TopicLog, 5, 5*i)
	}
	if fault.Hits() != 3 {
		t.Fatalf("the broker misbehaved %d times, want 3", fault.Hits())
	}
	wantValues(t, readAll(t, c, schemas.TopicLog, 0), 50, 0)
}

// Errors that pass are waited out with the same bytes.
func TestAppendOutlastsTrouble(t *testing.T) {
	c, broker := faulty(t, 1)
	p := c.NewProducer("t")
	for i, code := range []*kerr.Error{kerr.NotLeaderForPartition, kerr.UnknownTopicOrPartition, kerr.LeaderNotAvailable, kerr.RequestTimedOut, kerr.NotEnoughReplicas} {
		broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: schemas.TopicLog, Err: code, Count: 2})
		mustAppend(t, p, schemas.TopicLog, 3, 3*i)
	}
	wantValues(t, readAll(t, c, schemas.TopicLog, 0), 15, 0)
}

// The four refusals of an epoch or a sequence fence at once and for good.
func TestRefusalsFence(t *testing.T) {
	c, broker := faulty(t, 2)
	for _, code := range []*kerr.Error{kerr.OutOfOrderSequenceNumber, kerr.InvalidProducerEpoch, kerr.InvalidTxnState, kerr.ProducerFenced} {
		p := c.NewProducer("t")
		if err := p.Claim(t.Context(), schemas.TopicLog, []int{0, 1}, nil); err != nil {
			t.Fatal(err)
		}
		broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: schemas.TopicLog, Partitions: []int32{0}, Err: code, Count: 1})
		for range 2 {
			if _, err := p.Append(t.Context(), schemas.TopicLog, 0, messages(1, 0)); !errors.Is(err, ErrFenced) || !errors.Is(err, kafkago.Error(code.Code)) {
				t.Fatalf("after %s Append = %v, want ErrFenced and the code", code.Message, err)
			}
		}
		if _, err := p.Append(t.Context(), schemas.TopicLog, 1, messages(1, 0)); err != nil {
			t.Fatalf("another partition: %v", err)
		}
	}
	if got := readAll(t, c, schemas.TopicLog, 0); len(got) != 0 {
		t.Fatalf("%d records of a fenced producer", len(got))
	}
}

func TestOlderOwnerIsFenced(t *testing.T) {
	c, _ := testCluster(t, 1)
	old, young := c.NewProducer(c.Prefix+"owner"), c.NewProducer(c.Prefix+"owner")
	ctx := t.Context()
	headers := []schemas.Header{{Key: "rebuild_from", Value: "7"}}
	topics := []string{schemas.TopicLog, schemas.TopicAlertStates} // a compacted one wants keys
	for _, topic := range topics {
		if err := old.Claim(ctx, topic, []int{0}, nil); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, old, topic, 1, 0)
	}
	for _, topic := range topics {
		if err := young.Claim(ctx, topic, []int{0}, headers); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Append(ctx, topic, 0, messages(1, 1)); !errors.Is(err, ErrFenced) {
			t.Fatalf("the older owner's Append = %v, want ErrFenced", err)
		}
		if err := old.KeepAlive(ctx, topic, 0, nil); !errors.Is(err, ErrFenced) {
			t.Fatalf("the older owner's KeepAlive = %v, want ErrFenced", err)
		}
		mustAppend(t, young, topic, 1, 2)
		if err := young.KeepAlive(ctx, topic, 0, headers); err != nil {
			t.Fatal(err)
		}
		if got := readAll(t, c, topic, 0); len(got) != 2 || string(got[1].Value) != "v2" {
			t.Fatalf("%s holds %v", topic, got)
		}
		last, err := c.LastRecords(ctx, topic, 0, 1)
		if err != nil || len(last) != 1 {
			t.Fatal(last, err)
		}
		kind, _ := last[0].Header(schemas.HeaderType)
		from, _ := last[0].Header("rebuild_from")
		if kind != schemas.TypeClaim || from != "7" || len(last[0].Key) == 0 {
			t.Fatalf("the keep-alive is %+v", last[0])
		}
	}
}

// A claim that ends in mid-batch leaves the answer unknown: nothing may follow.
func TestAppendGivenUp(t *testing.T) {
	c, broker := faulty(t, 1)
	p := c.NewProducer("t")
	mustAppend(t, p, schemas.TopicLog, 1, 0)
	handle := broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: schemas.TopicLog, Err: kerr.NotEnoughReplicasAfterAppend, Count: -1})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := p.Append(ctx, schemas.TopicLog, 0, messages(1, 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("Append = %v, want the context's error", err)
	}
	handle.Remove()
	if _, err := p.Append(t.Context(), schemas.TopicLog, 0, messages(1, 2)); !errors.Is(err, ErrFenced) {
		t.Fatalf("the next Append = %v, want ErrFenced", err)
	}
	wantValues(t, readAll(t, c, schemas.TopicLog, 0), 2, 0)
}

// A topic with a lower limit than ours takes the same messages in smaller batches.
func TestBatchesAreSplit(t *testing.T) {
	c, _ := testCluster(t, 1)
	setTopic(t, c, schemas.TopicLog, "max.message.bytes", "2000")
	p := c.NewProducer(c.Prefix + "t")
	mustAppend(t, p, schemas.TopicLog, 300, 0)
	mustAppend(t, p, schemas.TopicLog, 300, 300)
	wantValues(t, readAll(t, c, schemas.TopicLog, 0), 600, 0)
}

// What hinders a producer is named by the call that knows it.
func TestProducerNamesTheCause(t *testing.T) {
	c, broker := faulty(t, 1)
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.TransactionalIDAuthorizationFailed, Count: 1})
	err := c.NewProducer("owner-3").Claim(t.Context(), schemas.TopicLog, []int{0}, nil)
	if !errors.Is(err, kafkago.TransactionalIDAuthorizationFailed) || !strings.Contains(err.Error(), "owner-3") || errors.Is(err, ErrFenced) {
		t.Fatalf("Claim = %v, want the authorization error naming the producer", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.InitProducerID}, Err: kerr.CoordinatorLoadInProgress, Count: 3})
	if err := c.NewProducer("owner-3").Claim(ctx, schemas.TopicLog, []int{0}, nil); err != nil {
		t.Fatalf("a coordinator that loads = %v", err)
	}
}

// The memory of a large batch is not kept for the next one.
func TestLargeBatchIsFreed(t *testing.T) {
	c, _ := testCluster(t, 1)
	p := c.NewProducer(c.Prefix + "p")
	for _, size := range []int{100, 3 << 20} {
		if _, err := p.Append(t.Context(), schemas.TopicECG, 0, []schemas.Message{{Key: []byte("k"), Value: make([]byte, size)}}); err != nil {
			t.Fatal(err)
		}
		if kept := cap(p.target(schemas.TopicECG, 0).buf); kept > keepBatchBytes || size == 100 && kept == 0 {
			t.Errorf("after %d bytes %d are kept", size, kept)
		}
	}
}
