package intake

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// admin is a client that changes topics.
func admin(t *testing.T, c *kafka.Cluster) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(c.Brokers...))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// makeAnew deletes a topic and makes it anew.
func makeAnew(t *testing.T, c *kafka.Cluster, topic string) {
	t.Helper()
	client := admin(t, c)
	r := kmsg.NewPtrDeleteTopicsRequest()
	r.TimeoutMillis = 10_000
	one := kmsg.NewDeleteTopicsRequestTopic()
	one.Topic = kmsg.StringPtr(c.Prefix + topic)
	r.TopicNames, r.Topics = []string{c.Prefix + topic}, append(r.Topics, one)
	answer, err := r.RequestWith(t.Context(), client)
	if err == nil {
		err = kerr.ErrorForCode(answer.Topics[0].ErrorCode)
	}
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if _, err = c.CreateTopics(t.Context(), 1, 1); err == nil {
			if p, err := c.Picture(t.Context()); err == nil && p.Topics[topic].Partitions == 1 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the topic is not made anew", err)
		}
	}
}

// The messages of a raw topic that was deleted and made anew are read from its beginning,
// however many it has, and the log says that some may be gone: while a worker runs, and where
// it happened while none did.
func TestTopicMadeAnew(t *testing.T) {
	for _, running := range []bool{false, true} {
		for _, n := range []int{2, 9} { // fewer and more than the old one had
			t.Run(fmt.Sprint(running, n), func(t *testing.T) {
				_, c := bench(t, 1)
				seq := 0
				send := func(n int) {
					p := c.NewProducer("test")
					for range n {
						seq++
						if _, err := p.Append(t.Context(), schemas.TopicVitals, 0, []schemas.Message{beat("d:1", seq, 60, "", 0), {Key: []byte("d:1"), Value: []byte(`{"torn`)}}); err != nil {
							t.Fatal(err)
						}
					}
				}
				// wait returns when the log has all messages.
				wait := func() (got result) {
					for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
						got = readResult(t, c)
						seen := map[uint64]bool{}
						for _, r := range got.Records {
							if r.Kind == schemas.KindObservations {
								seen[r.Seq] = true
							}
						}
						if len(seen) == seq {
							return got
						}
						if time.Now().After(deadline) {
							t.Fatalf("%d messages of %d are in the log", len(seen), seq)
						}
					}
				}
				stop := owned(t, worker(c, still), 1)
				send(4)
				wait()
				if !running {
					stop()
				}
				makeAnew(t, c, schemas.TopicVitals)
				send(n)
				if !running {
					stop = owned(t, worker(c, still), 1)
				}
				wait()
				time.Sleep(300 * time.Millisecond)
				stop()
				got, gaps := readResult(t, c), 0
				for _, r := range got.Records {
					if r.Kind == schemas.KindGap {
						gaps++
					}
				}
				if gaps != 1 || len(got.Letters) < seq {
					t.Errorf("%d gaps, %d dead letters, want 1 and %d", gaps, len(got.Letters), seq)
				}
				// A restart finds nothing new.
				defer owned(t, worker(c, still), 1)()
				time.Sleep(300 * time.Millisecond)
				if again := readResult(t, c); len(again.Records) != len(got.Records) || len(again.Letters) != len(got.Letters) {
					t.Errorf("after a restart %d records and %d dead letters, before %d and %d", len(again.Records), len(again.Letters), len(got.Records), len(got.Letters))
				}
			})
		}
	}
}

// Topics that were given more partitions are noticed within 10 s and refused, also after a
// restart.
func TestTopicsGrown(t *testing.T) {
	for _, topics := range [][]string{{schemas.TopicVitals}, schemas.Topics[:]} {
		_, c := bench(t, 2)
		grown := make(chan error, 1)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		go func() { grown <- worker(c, still).Own(ctx, 0, nil) }()
		time.Sleep(500 * time.Millisecond)
		r := kmsg.NewPtrCreatePartitionsRequest()
		r.TimeoutMillis = 10_000
		for _, topic := range topics {
			one := kmsg.NewCreatePartitionsRequestTopic()
			one.Topic, one.Count = c.Prefix+topic, 4
			r.Topics = append(r.Topics, one)
		}
		answer, err := r.RequestWith(ctx, admin(t, c))
		if err == nil {
			err = kerr.ErrorForCode(answer.Topics[0].ErrorCode)
		}
		if err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if err := <-grown; !errors.Is(err, kafka.ErrGrown) || time.Since(begun) > 10*time.Second {
			t.Errorf("%d topics grown: %v after %v", len(topics), err, time.Since(begun))
		}
		err = worker(c, still).Own(ctx, 0, nil)
		if len(topics) > 1 && !errors.Is(err, kafka.ErrGrown) || err == nil || ctx.Err() != nil {
			t.Errorf("%d topics grown, after a restart: %v", len(topics), err)
		}
	}
}
