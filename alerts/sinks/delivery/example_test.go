package delivery_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"github.com/vigil-icu/vigil/alerts/sinks"
	"github.com/vigil-icu/vigil/alerts/sinks/delivery"
	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// A file is told of the alerts of a Kafka. Any other sink goes the same way.
func ExampleService_Run() {
	broker, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer broker.Close()
	c := &kafka.Cluster{Brokers: broker.ListenAddrs()}
	defer c.Close()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if _, err := c.CreateTopics(ctx, 1, 1); err != nil {
		fmt.Println(err)
		return
	}
	alert, _ := schemas.EncodeAlert(&schemas.Alert{ID: "3f9a1c20b7d4", Revision: 1, Phase: schemas.PhaseStart, Kind: "score", Task: "news2", Severity: "high", Patient: "site:42", Reason: "NEWS2 7, at or above 7"})
	m := schemas.Message{Key: []byte("site:42"), Value: alert, Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeAlert}}}
	if _, err := c.NewProducer("monitor").Append(ctx, schemas.TopicAlerts, 0, []schemas.Message{m}); err != nil {
		fmt.Println(err)
		return
	}

	dir, _ := os.MkdirTemp("", "sinks")
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "alerts.jsonl")
	config, err := sinks.Parse(fmt.Appendf(nil, "version: 1\nsinks:\n  - {name: archive, begin: beginning, file: {path: %q}}\n", path))
	if err != nil {
		fmt.Println(err)
		return
	}
	file, err := delivery.Open(&config.Sinks[0], sinks.Environment{Now: time.Now})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer file.Close()
	line := &delivery.Line{Settings: config.Sinks[0], Sink: file}
	service := delivery.Service{Cluster: c, Now: time.Now}
	go func() {
		for line.Stats.Delivered.Load() == 0 {
			time.Sleep(time.Millisecond)
		}
		stop()
	}()
	fmt.Println(service.Run(ctx, []*delivery.Line{line}))
	written, _ := os.Open(path)
	defer written.Close()
	for lines := bufio.NewScanner(written); lines.Scan(); {
		a, _ := schemas.DecodeAlert(lines.Bytes())
		fmt.Println(a.ID, a.Phase, a.Reason, a.Notice)
	}
	// Output:
	// context canceled
	// 3f9a1c20b7d4 start NEWS2 7, at or above 7 research software, not a medical device
}
