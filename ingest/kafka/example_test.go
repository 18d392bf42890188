package kafka_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A gateway that writes raw topics itself must put a patient where Vigil looks.
func ExamplePartitionOf() {
	fmt.Println(kafka.PartitionOf([]byte("site:42"), 8))
	// Output: 1
}

// greeter is a Tenant that writes one record, once, however often it is cut off.
type greeter struct {
	tenure  *kafka.Tenure
	cluster *kafka.Cluster
	greeted bool
}

var errGreeted = errors.New("greeted already")

func (g *greeter) Claim(context.Context) error { return nil }

func (g *greeter) Load(ctx context.Context) (err error) {
	_, g.greeted, err = g.cluster.LastThat(ctx, schemas.TopicScores, g.tenure.Partition, func(m *schemas.Message) bool { return string(m.Key) == "greeting" })
	return err
}

func (g *greeter) Work(ctx context.Context) error {
	if g.greeted {
		return errGreeted
	}
	greeting := schemas.Message{Key: []byte("greeting"), Value: []byte("good morning")}
	if _, err := g.tenure.Producer.Append(ctx, schemas.TopicScores, g.tenure.Partition, []schemas.Message{greeting}); err != nil {
		return err
	}
	return kafka.ErrAgain // as if the process had been killed here
}

// An owner that begins again finds in its output what it has written.
func ExampleOwnership_Hold() {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()
	c := &kafka.Cluster{Brokers: broker.ListenAddrs()}
	defer c.Close()
	ctx := context.Background()
	if _, err := c.CreateTopics(ctx, 1, 1); err != nil {
		fmt.Println(err)
		return
	}
	own := kafka.Ownership{Cluster: c, Doing: "greeting partition", Producer: "greeter", Outputs: []string{schemas.TopicScores}}
	err = own.Hold(ctx, 0, nil, func(t *kafka.Tenure) kafka.Tenant { return &greeter{tenure: t, cluster: c} })
	fmt.Println(err)
	// Output: greeting partition 0: greeted already
}
