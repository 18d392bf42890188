package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/vigil-icu/vigil/ingest"
	"github.com/vigil-icu/vigil/ingest/realkafka"
)

// realBroker is a Kafka of the test's own, reached through a link.
type realBroker struct {
	t     *testing.T
	kafka *realkafka.Kafka
	link  *realkafka.Link
}

func startRealBroker(t *testing.T) *realBroker {
	t.Helper()
	port := realkafka.FreePort()
	link := realkafka.NewLink(t, fmt.Sprintf("127.0.0.1:%d", port))
	return &realBroker{t: t, link: link, kafka: realkafka.Start(t, realkafka.Options{
		Port: port, Properties: []string{"advertised.listeners=PLAINTEXT://" + link.Address()},
	})}
}

func (b *realBroker) address() string { return b.link.Address() }

func (b *realBroker) kill() {
	b.t.Helper()
	if err := b.kafka.Kill(); err != nil {
		b.t.Fatal(err)
	}
}

// start returns when the broker answers.
func (b *realBroker) start() {
	b.t.Helper()
	begun := time.Now()
	if err := b.kafka.Again(); err != nil {
		b.t.Fatal(err)
	}
	c := &ingest.Cluster{Brokers: []string{b.address()}}
	defer c.Close()
	if err := c.Reach(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	b.t.Logf("Kafka answers again after %.1f s", time.Since(begun).Seconds())
}
