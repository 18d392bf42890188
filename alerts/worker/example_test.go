package worker_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/alerts"
	"github.com/vigil-icu/vigil/alerts/monitor"
	"github.com/vigil-icu/vigil/alerts/worker"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
	"github.com/vigil-icu/vigil/window/memstore"
)

// A service works a log of two records, and what follows from them is in the topics.
func ExampleService_Own() {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()
	c := &kafka.Cluster{Brokers: broker.ListenAddrs()}
	defer c.Close()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	if _, err := c.CreateTopics(ctx, 1, 1); err != nil {
		fmt.Println(err)
		return
	}
	at, _ := schemas.ParseTime("2030-01-01T08:00:00Z", nil)
	rate, _ := schemas.ChannelByName("respiratory_rate")
	var log []schemas.Message
	for _, r := range []schemas.Record{
		{Kind: schemas.KindAdmit, Patient: "ward:7", At: at, Hash: 1, Move: &schemas.Move{Stay: "S1"}},
		{Kind: schemas.KindObservations, Patient: "ward:7", At: at + 1000, Hash: 2, TopicIndex: 1,
			Observations: []schemas.Observation{{Channel: rate, EventTime: at + 1000, Value: 28}}},
	} {
		log = append(log, schemas.Message{Key: []byte(r.Patient), Value: r.AppendBinary(nil), Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}}})
	}
	if _, err := c.NewProducer("intake").Append(ctx, schemas.TopicLog, 0, log); err != nil {
		fmt.Println(err)
		return
	}
	s := &worker.Service{
		Cluster: c, Store: memstore.New(), Monitor: &monitor.Monitor{Policy: alerts.DefaultPolicy()}, Log: zerolog.Nop(),
		Nonce: func() string { return "the only owner" },
	}
	ended := make(chan error)
	go func() { ended <- s.Own(ctx, 0, nil) }()
	for s.Stats(0).Applied.Load() < 1 && ctx.Err() == nil {
		time.Sleep(time.Millisecond)
	}
	alert, err := c.LastRecords(ctx, schemas.TopicAlerts, 0, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	position, _ := alert[0].Header(schemas.HeaderPosition)
	fmt.Printf("alert of %s from log offset and place %s\n", alert[0].Key, position)
	stop()
	fmt.Println(<-ended)
	// Output:
	// alert of ward:7 from log offset and place 1.1
	// context canceled
}
