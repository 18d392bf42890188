package intake_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rs/zerolog"
	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/encoders/intake"
	"github.com/vigil-icu/vigil/encoders/record"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A worker takes one message that it can use, and one that is torn.
func ExampleWorker_Own() {
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
	_, err = c.NewProducer("gateway").Append(ctx, schemas.TopicVitals, 0, []schemas.Message{
		{Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","source":"gateway","seq":1,"values":{"heart_rate":93}}`)},
		{Key: []byte("site:42"), Value: []byte(`{"patient":"site:42","sour`)},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := &intake.Worker{
		Cluster: c, Encoder: &record.Encoder{}, Log: zerolog.Nop(),
		Clock: func() schemas.Time { return schemas.FromStd(time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)) },
	}
	ended := make(chan error)
	go func() { ended <- w.Own(ctx, 0, nil) }()
	records, dead := w.Totals()
	for ; records < 1 && ctx.Err() == nil; records, dead = w.Totals() {
		time.Sleep(time.Millisecond)
	}
	fmt.Println(records, "record and the dead letters", dead)
	stop()
	fmt.Println(<-ended)
	// Output:
	// 1 record and the dead letters map[unreadable:1]
	// context canceled
}
