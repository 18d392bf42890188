package kafka

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// CreateTopics makes the topics of the shipped plan that are missing, with so many partitions
// and copies of each, kept for ever, and returns how many it made. It is for a demo, a
// replay and tests; a site uses MakeTopics, which has the errors.
func (c *Cluster) CreateTopics(ctx context.Context, partitions, replication int) (created int, err error) {
	plan := ShippedTopics().KeptForEver()
	plan.Partitions, plan.Replication = partitions, replication
	return c.MakeTopics(ctx, plan)
}

// ErrOtherPartitions is the error of MakeTopics where topics are there with another number of partitions
// than those that are missing would get. All must have as many, and no number changes later.
var ErrOtherPartitions = errors.New("topics must have as many partitions as each other")

// MakeTopics makes the topics of a plan that are missing and returns how many it made, also
// beside an error. Those that are there stay as they are. It fails where the plan makes no
// sense, where some topics are there and have another number of partitions (ErrOtherPartitions), no broker answers (ErrUnreachable) or one refuses a topic.
func (c *Cluster) MakeTopics(ctx context.Context, plan TopicPlan) (created int, err error) {
	if plan.Partitions < 1 || plan.Replication < 1 && plan.Replication != -1 {
		return 0, fmt.Errorf("%d partitions with %d replicas cannot be made: both start at 1", plan.Partitions, plan.Replication)
	}
	if err := c.Reach(ctx); err != nil {
		return 0, err
	}
	configs := c.topicConfigs(plan)
	// The controller knows at once which topics are there; the other brokers hear of a new one later, and until then
	// do not list it.
	_, there, err := c.createTopics(ctx, &kafkago.CreateTopicsRequest{Topics: configs, ValidateOnly: true})
	if err != nil {
		return 0, fmt.Errorf("making topics: %w", err)
	}
	counts, err := c.countsOf(ctx, there)
	if err != nil {
		return 0, fmt.Errorf("making topics: %w", err)
	}
	for _, topic := range schemas.Topics {
		if n := counts[topic]; n != 0 && n != plan.Partitions && there < len(schemas.Topics) {
			return 0, fmt.Errorf("%w: %s has %d partitions, and the missing ones were to have %d", ErrOtherPartitions, c.topic(topic), n, plan.Partitions)
		}
	}
	created, _, err = c.createTopics(ctx, &kafkago.CreateTopicsRequest{Topics: configs})
	if err != nil {
		return created, fmt.Errorf("making topics: %w", err)
	}
	_, err = c.countsOf(ctx, len(schemas.Topics))
	return created, err
}

// topicConfigs is a plan in the words of the protocol.
func (c *Cluster) topicConfigs(plan TopicPlan) (configs []kafkago.TopicConfig) {
	for _, topic := range schemas.Topics {
		config := kafkago.TopicConfig{Topic: c.topic(topic), NumPartitions: plan.Partitions, ReplicationFactor: plan.Replication}
		for _, name := range slices.Sorted(maps.Keys(plan.Settings[topic])) {
			config.ConfigEntries = append(config.ConfigEntries, kafkago.ConfigEntry{ConfigName: name, ConfigValue: plan.Settings[topic][name]})
		}
		configs = append(configs, config)
	}
	return configs
}

// createTopics asks for topics and says how many were made, or would be, and how many were there.
func (c *Cluster) createTopics(ctx context.Context, request *kafkago.CreateTopicsRequest) (made, there int, err error) {
	first := map[string]bool{} // topics that an answer of this call made: a repeated request finds them there
	err = c.retry(ctx, "making topics", func() error {
		r, err := c.client.CreateTopics(ctx, request)
		if err != nil {
			return err
		}
		for topic, err := range r.Errors {
			switch {
			case err == nil:
				first[topic] = true
			case !errors.Is(err, kafkago.TopicAlreadyExists):
				return fmt.Errorf("topic %s: %w", topic, err)
			}
		}
		there = len(request.Topics) - len(first)
		return nil
	})
	return len(first), there, err
}

// countsOf is counts once the brokers list at least that many topics.
func (c *Cluster) countsOf(ctx context.Context, topics int) (counts map[string]int, err error) {
	err = c.retry(ctx, "making topics", func() error {
		if counts, err = c.counts(ctx); err == nil && len(counts) < topics {
			err = kafkago.UnknownTopicOrPartition
		}
		return err
	})
	return counts, err
}

// Finding is one thing that is not as planned: the topic (with its prefix), what was found, and
// how to mend it.
type Finding struct{ Topic, What, Mend string }

// String is the finding in one line for people.
func (f Finding) String() string { return f.Topic + ": " + f.What + ". " + f.Mend }

// CheckTopics holds the topics against a plan: all must be there, with as many partitions as
// each other, and set as the plan says or better. What is not is a Finding; an error means
// that the brokers do not answer or do not let this user look.
func (c *Cluster) CheckTopics(ctx context.Context, plan TopicPlan) ([]Finding, error) {
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
		for _, name := range slices.Sorted(maps.Keys(plan.Settings[topic])) {
			want := plan.Settings[topic][name]
			if got := settings[topic][name]; got != "" && !enough(name, got, want) {
				findings = append(findings, Finding{c.topic(topic), fmt.Sprintf("%s is %s, want %s", name, got, want), "Change it with kafka-configs.sh --alter"})
			}
		}
	}
	return findings, nil
}

// settings reads how topics are set at the brokers, by topic without prefix.
func (c *Cluster) settings(ctx context.Context, topics []string) (map[string]map[string]string, error) {
	request := &kafkago.DescribeConfigsRequest{}
	for _, topic := range topics {
		request.Resources = append(request.Resources, kafkago.DescribeConfigRequestResource{ResourceType: kafkago.ResourceTypeTopic, ResourceName: c.topic(topic)})
	}
	settings := map[string]map[string]string{}
	err := c.retry(ctx, "reading topic settings", func() error {
		r, err := c.client.DescribeConfigs(ctx, request)
		if err != nil {
			return err
		}
		for _, resource := range r.Resources {
			if errors.Is(resource.Error, kafkago.UnknownTopicOrPartition) {
				continue // it was deleted meanwhile, which the next look will say
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
