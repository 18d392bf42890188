package kafka

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/deploy"
	"github.com/vigil-icu/vigil/schemas"
)

// The shipped file says of every topic what the code relies on, and keeps the log as
// long as the design has it.
func TestShippedTopics(t *testing.T) {
	p := ShippedTopics()
	if p.Partitions != 64 || p.Replication != -1 || len(p.Settings) != len(schemas.Topics) {
		t.Errorf("%d partitions, %d copies, %d topics", p.Partitions, p.Replication, len(p.Settings))
	}
	const day = 24 * 60 * 60 * 1000
	for topic, retention := range map[string]int{
		schemas.TopicVitals: 7 * day, schemas.TopicLog: 90 * day, schemas.TopicAlerts: -1,
	} {
		if got := p.Settings[topic]["retention.ms"]; got != strconv.Itoa(retention) {
			t.Errorf("%s is kept for %s ms, want %d", topic, got, retention)
		}
	}
	for _, topic := range schemas.Topics {
		want := map[string]string{"message.timestamp.type": "LogAppendTime", "max.message.bytes": strconv.Itoa(MaxMessageBytes), "cleanup.policy": "delete", "retention.ms": "-1"}
		if topic == schemas.TopicAlertStates {
			want["cleanup.policy"] = "compact"
		}
		if got := p.KeptForEver().Settings[topic]; !maps.Equal(got, want) {
			t.Errorf("%s kept for ever: %v, want %v", topic, got, want)
		}
	}
	if p.Settings[schemas.TopicLog]["retention.ms"] == "-1" {
		t.Error("KeptForEver has changed the plan that it was called on")
	}
}

// Each change to the shipped file is refused by an error that has the words.
func TestParseTopicsRefuses(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		words          []string
	}{
		{"another version", "version: 1", "version: 2", []string{"version is 2", "knows 1"}},
		{"no partitions", "partitions: 64", "partitions: 0", []string{"partitions is 0"}},
		{"no copies", "replication: -1", "replication: 0", []string{"replication is 0", "-1"}},
		{"unknown field", "replication: -1", "replicas: 3", []string{"replicas", "line"}},
		{"unknown topic", "icu.scores.v1:", "icu.score.v1:", []string{"icu.score.v1", "icu.scores.v1"}},
		{"topic left out", "  icu.alerts.v1: {}\n", "", []string{"icu.alerts.v1 is missing"}},
		{"times of records", "LogAppendTime", "CreateTime", []string{"icu.vitals.v1", "CreateTime", "LogAppendTime"}},
		{"small messages", "16777216", "1048588", []string{"max.message.bytes is 1048588", "16777216"}},
		{"limit that is no number", "16777216", "16M", []string{"16M"}},
		{"log compacted", "icu.log.v1: {", "icu.log.v1: {cleanup.policy: compact, ", []string{"icu.log.v1", "compact", "want delete"}},
		{"states not compacted", "{cleanup.policy: compact}", "{}", []string{"icu.alerts.state.v1", "want compact"}},
		{"time that is none", "7776000000} # 90 days\n  # What", "90d}\n  # What", []string{"icu.log.v1", "90d", "milliseconds"}},
		{"setting left out", "  max.message.bytes: 16777216 ", "  compression.type: producer ", []string{"max.message.bytes is missing"}},
		{"two documents", "version: 1", "---\nversion: 1\n---\nversion: 1", []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := strings.Replace(string(deploy.Topics), c.old, c.new, 1)
			if file == string(deploy.Topics) {
				t.Fatalf("topics.yaml does not say %q", c.old)
			}
			_, err := ParseTopics([]byte(file))
			if err == nil {
				t.Fatal("accepted")
			}
			for _, word := range c.words {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
	if _, err := ParseTopics(nil); err == nil || !strings.Contains(err.Error(), "deploy/topics.yaml") {
		t.Errorf("an empty file: %v", err)
	}
}

func TestEnough(t *testing.T) {
	for _, c := range []struct {
		name, got, want string
		ok              bool
	}{
		{"max.message.bytes", "33554432", "16777216", true},
		{"max.message.bytes", "1048588", "16777216", false},
		{"max.message.bytes", "-1", "16777216", false},
		{"retention.ms", "-1", "604800000", true},
		{"retention.ms", "604800000", "-1", false},
		{"retention.ms", "604799999", "604800000", false},
		{"retention.ms", "-1", "-1", true},
		{"min.insync.replicas", "2", "1", true},
		{"cleanup.policy", "compact,delete", "delete", false},
		{"cleanup.policy", "delete", "delete", true},
	} {
		if got := enough(c.name, c.got, c.want); got != c.ok {
			t.Errorf("%s is %s, want %s: enough is %v", c.name, c.got, c.want, got)
		}
	}
}

// What the broker holds afterwards is the plan, setting by setting.
func TestMakeTopicsAsPlanned(t *testing.T) {
	other, _ := testCluster(t, 1)
	c := &Cluster{Brokers: other.Brokers, Prefix: other.Prefix + "planned."}
	t.Cleanup(c.Close)
	plan := ShippedTopics()
	plan.Partitions = 3
	plan.Settings[schemas.TopicNotes]["retention.ms"] = "1209600000"
	if made, err := c.MakeTopics(t.Context(), plan); err != nil || made != len(schemas.Topics) {
		t.Fatalf("MakeTopics = %d, %v", made, err)
	}
	if n, err := c.Partitions(t.Context()); err != nil || n != 3 {
		t.Fatalf("Partitions = %d, %v", n, err)
	}
	settings, err := c.settings(t.Context(), schemas.Topics[:])
	if err != nil {
		t.Fatal(err)
	}
	for topic, want := range plan.Settings {
		for name, value := range want {
			if got := settings[topic][name]; got != value {
				t.Errorf("%s: %s is %s, want %s", topic, name, got, value)
			}
		}
	}
	if findings, err := c.CheckTopics(t.Context(), plan); err != nil || len(findings) != 0 {
		t.Fatalf("CheckTopics = %v, %v", findings, err)
	}
	plan.Settings[schemas.TopicLog]["retention.ms"] = "-1"
	findings, err := c.CheckTopics(t.Context(), plan)
	if err != nil || len(findings) != 1 || !slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), "retention.ms is 7776000000, want -1") }) {
		t.Errorf("a log that is to be kept for ever: %v, %v", findings, err)
	}
}

// Where some topics are there with another number of partitions, no further ones are made that would not fit them:
// a number of partitions is fixed for good.
func TestMissingTopicsFitThoseThatAreThere(t *testing.T) {
	other, _ := testCluster(t, 1)
	c := &Cluster{Brokers: other.Brokers, Prefix: other.Prefix + "some."}
	t.Cleanup(c.Close)
	if err := c.Reach(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.CreateTopics(t.Context(), &kafkago.CreateTopicsRequest{Topics: []kafkago.TopicConfig{{Topic: c.topic(schemas.TopicVitals), NumPartitions: 3, ReplicationFactor: 1}}}); err != nil {
		t.Fatal(err)
	}
	plan := ShippedTopics()
	plan.Partitions = 4
	if made, err := c.MakeTopics(t.Context(), plan); made != 0 || !errors.Is(err, ErrOtherPartitions) {
		t.Errorf("MakeTopics with 4 partitions = %d, %v", made, err)
	}
	plan.Partitions = 3
	if made, err := c.MakeTopics(t.Context(), plan); err != nil || made != len(schemas.Topics)-1 {
		t.Errorf("MakeTopics with 3 partitions = %d, %v", made, err)
	}
}
