package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/realkafka"
)

// realBroker is a Kafka of the test's own: one broker, reached through a link, or three.
type realBroker struct {
	t     *testing.T
	kafka *realkafka.Kafka
	link  *realkafka.Link // nil: of three
}

func startRealBroker(t *testing.T) *realBroker {
	t.Helper()
	port := realkafka.FreePort()
	link := realkafka.NewLink(t, fmt.Sprintf("127.0.0.1:%d", port))
	return &realBroker{t: t, link: link, kafka: realkafka.Start(t, realkafka.Options{
		Port: port, Properties: []string{"advertised.listeners=PLAINTEXT://" + link.Address()},
	})}
}

func startThreeBrokers(t *testing.T) *realBroker {
	t.Helper()
	return &realBroker{t: t, kafka: realkafka.Start(t, realkafka.Options{Brokers: 3})}
}

// address is where clients go: host:port, a comma between them.
func (b *realBroker) address() string {
	if b.link == nil {
		return strings.Join(b.kafka.Addresses, ",")
	}
	return b.link.Address()
}

// kill is kill -9 of the brokers named, 1 and up, or of all.
func (b *realBroker) kill(brokers ...int) {
	b.t.Helper()
	if err := b.kafka.Kill(brokers...); err != nil {
		b.t.Fatal(err)
	}
}

// start begins the brokers that do not run and returns when they answer.
func (b *realBroker) start() {
	b.t.Helper()
	begun := time.Now()
	if err := b.kafka.Again(); err != nil {
		b.t.Fatal(err)
	}
	c := &kafka.Cluster{Brokers: strings.Split(b.address(), ",")}
	defer c.Close()
	if err := c.Reach(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("Kafka answers again after %.1f s", time.Since(begun).Seconds())
}

// replicated returns when every partition of every topic has all its copies in step: a
// broker that dies before takes the last copy in step with it, and writing waits.
func (b *realBroker) replicated() {
	b.t.Helper()
	begun := time.Now()
	c := &kafkago.Client{Addr: kafkago.TCP(strings.Split(b.address(), ",")...), Timeout: 5 * time.Second}
	for behind := -1; behind != 0; time.Sleep(100 * time.Millisecond) {
		if time.Since(begun) > recoveryLimit {
			b.t.Fatalf("%d partitions lack a copy in step", behind)
		}
		r, err := c.Metadata(b.t.Context(), &kafkago.MetadataRequest{})
		if err != nil {
			continue
		}
		behind = 0
		for _, topic := range r.Topics {
			for _, p := range topic.Partitions {
				if len(p.Isr) < len(p.Replicas) {
					behind++
				}
			}
		}
	}
	b.t.Logf("all copies in step after %.1f s", time.Since(begun).Seconds())
}
