package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/cmd/internal/boot"
	"github.com/vigil-icu/vigil/schemas"
)

// A topic whose record times are the writers' is said at the start: a producer would be
// forgotten by them.
func TestServeWarnsOfTopics(t *testing.T) {
	c, broker, redis := servers(t, "miniredis")
	if code, _, stderr := vigil(t.Context(), "topics", "init", "--brokers", broker, "--partitions", "2"); code != 0 {
		t.Fatal(stderr)
	}
	start := func() string {
		t.Helper()
		var talk bytes.Buffer
		house, err := boot.Start(t.Context(), boot.Config{Kafka: boot.Kafka{Brokers: []string{broker}}, Redis: boot.Redis{URL: redis, PasswordInEnv: "secret"}, Workers: 1, Log: zerolog.New(&talk)})
		if err != nil {
			t.Fatal(err)
		}
		if err := house.Close(); err != nil {
			t.Fatal(err)
		}
		return talk.String()
	}
	if said := start(); said != "" {
		t.Errorf("of topics that init has made it says %s", said)
	}
	admin := kafkago.Client{Addr: kafkago.TCP(c.Brokers...)}
	r, err := admin.IncrementalAlterConfigs(t.Context(), &kafkago.IncrementalAlterConfigsRequest{Resources: []kafkago.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafkago.ResourceTypeTopic, ResourceName: schemas.TopicScores,
		Configs: []kafkago.IncrementalAlterConfigsRequestConfig{{Name: "message.timestamp.type", Value: "CreateTime", ConfigOperation: kafkago.ConfigOperationSet}},
	}}})
	if err != nil || r.Resources[0].Error != nil {
		t.Fatal(err, r)
	}
	if said := start(); !strings.Contains(said, schemas.TopicScores) || !strings.Contains(said, "message.timestamp.type is CreateTime, want LogAppendTime") {
		t.Errorf("it says %q", said)
	}
}
