package ingest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	kafka "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// MaxMessageBytes is the largest message of a topic.
const MaxMessageBytes = 16 << 20

// TopicConfig returns the settings of a topic that Vigil relies on.
func TopicConfig(topic string) map[string]string {
	c := map[string]string{
		// Producer state expires by record time: a run of 2008 would lose its
		// fencing with CreateTime.
		"message.timestamp.type": "LogAppendTime",
		"retention.ms":           "-1",
		"max.message.bytes":      strconv.Itoa(MaxMessageBytes),
		"cleanup.policy":         "delete",
	}
	if topic == schemas.TopicAlertStates {
		c["cleanup.policy"] = "compact"
	}
	return c
}

// CreateTopics makes the topics that are missing and returns how many.
func (c *Cluster) CreateTopics(ctx context.Context, partitions, replication int) (created int, err error) {
	if partitions < 1 || replication < 1 {
		return 0, fmt.Errorf("%d partitions with %d replicas cannot be made: both start at 1", partitions, replication)
	}
	if err := c.Reach(ctx); err != nil {
		return 0, err
	}
	var configs []kafka.TopicConfig
	for _, topic := range schemas.Topics {
		config := kafka.TopicConfig{Topic: c.topic(topic), NumPartitions: partitions, ReplicationFactor: replication}
		for _, name := range []string{"message.timestamp.type", "retention.ms", "max.message.bytes", "cleanup.policy"} {
			if value, ok := TopicConfig(topic)[name]; ok {
				config.ConfigEntries = append(config.ConfigEntries, kafka.ConfigEntry{ConfigName: name, ConfigValue: value})
			}
		}
		configs = append(configs, config)
	}
	made := map[string]bool{}
	err = c.retry(ctx, "making topics", func() error {
		r, err := c.client.CreateTopics(ctx, &kafka.CreateTopicsRequest{Topics: configs})
		if err != nil {
			return err
		}
		for topic, err := range r.Errors {
			switch {
			case err == nil:
				made[topic] = true
			case !errors.Is(err, kafka.TopicAlreadyExists):
				return fmt.Errorf("topic %s: %w", topic, err)
			}
		}
		return nil
	})
	if err != nil {
		return len(made), fmt.Errorf("making topics: %w", err)
	}
	// The answer may come before every broker knows them.
	return len(made), c.retry(ctx, "making topics", func() error {
		counts, err := c.counts(ctx)
		if err == nil && len(counts) < len(schemas.Topics) {
			err = kafka.UnknownTopicOrPartition
		}
		return err
	})
}

// Finding is one thing that CheckTopics has to say.
type Finding struct{ Topic, What, Mend string }

func (f Finding) String() string { return f.Topic + ": " + f.What + ". " + f.Mend }

// CheckTopics holds the topics against what Vigil relies on.
func (c *Cluster) CheckTopics(ctx context.Context) ([]Finding, error) {
	if err := c.Reach(ctx); err != nil {
		return nil, err
	}
	counts, err := c.counts(ctx)
	if err != nil {
		return nil, err
	}
	var findings []Finding
	var present []string
	partitions := 0
	for _, topic := range schemas.Topics {
		switch n := counts[topic]; {
		case n == 0:
			findings = append(findings, Finding{c.topic(topic), "is missing", "Make it with `vigil topics init`"})
			continue
		case partitions == 0:
			partitions = n
		case n != partitions:
			findings = append(findings, Finding{c.topic(topic), fmt.Sprintf("has %d partitions, others have %d", n, partitions), "All topics need as many; make this one anew"})
		}
		present = append(present, topic)
	}
	settings, err := c.settings(ctx, present)
	if err != nil {
		return nil, err
	}
	for _, topic := range present {
		for _, name := range []string{"message.timestamp.type", "max.message.bytes", "cleanup.policy"} {
			want := TopicConfig(topic)[name]
			if got := settings[topic][name]; got != "" && !enough(name, got, want) {
				findings = append(findings, Finding{c.topic(topic), fmt.Sprintf("%s is %s, want %s", name, got, want), "Change it with kafka-configs.sh --alter"})
			}
		}
	}
	return findings, nil
}

// enough says whether a setting will do: a larger limit does.
func enough(name, got, want string) bool {
	if name == "max.message.bytes" {
		n, err := strconv.Atoi(got)
		return err == nil && n >= MaxMessageBytes
	}
	return got == want
}

func (c *Cluster) settings(ctx context.Context, topics []string) (map[string]map[string]string, error) {
	request := &kafka.DescribeConfigsRequest{}
	for _, topic := range topics {
		request.Resources = append(request.Resources, kafka.DescribeConfigRequestResource{ResourceType: kafka.ResourceTypeTopic, ResourceName: c.topic(topic)})
	}
	settings := map[string]map[string]string{}
	err := c.retry(ctx, "reading topic settings", func() error {
		r, err := c.client.DescribeConfigs(ctx, request)
		if err != nil {
			return err
		}
		for _, resource := range r.Resources {
			if errors.Is(resource.Error, kafka.UnknownTopicOrPartition) {
				continue // deleted since: the next look says so
			}
			if resource.Error != nil {
				return resource.Error
			}
			values := map[string]string{}
			for _, e := range resource.ConfigEntries {
				values[e.ConfigName] = e.ConfigValue
			}
			settings[resource.ResourceName[len(c.Prefix):]] = values
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading topic settings: %w", err)
	}
	return settings, nil
}
