package kafka

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/vigil-icu/vigil/deploy"
	"github.com/vigil-icu/vigil/schemas"
)

// MaxMessageBytes is the largest message of a topic, in bytes, which the largest ECG strips and
// images need.
const MaxMessageBytes = 16 << 20

// TopicPlan says how the topics are to be set: as in deploy/topics.yaml, or in a site's own
// copy of it.
type TopicPlan struct {
	Partitions  int                          // of every topic
	Replication int                          // copies of every partition; -1: as the brokers are set
	Settings    map[string]map[string]string // Kafka's, by topic without prefix
}

// ShippedTopics is the plan of deploy/topics.yaml, which the program carries.
func ShippedTopics() TopicPlan {
	p, err := ParseTopics(deploy.Topics)
	if err != nil {
		panic("kafka: deploy/topics.yaml: " + err.Error()) // a test parses it
	}
	return p
}

// KeptForEver returns the plan with nothing deleted by age. A demo and a replay use it, whose
// data are of other years than the broker's clock.
func (p TopicPlan) KeptForEver() TopicPlan {
	settings := map[string]map[string]string{}
	for topic, s := range p.Settings {
		settings[topic] = maps.Clone(s)
		settings[topic]["retention.ms"] = "-1"
	}
	p.Settings = settings
	return p
}

// topicsFile is the form of the file: settings of all topics, and those of a topic over them.
type topicsFile struct {
	Version     int                          `yaml:"version"`
	Partitions  int                          `yaml:"partitions"`
	Replication int                          `yaml:"replication"`
	Settings    map[string]string            `yaml:"settings"`
	Topics      map[string]map[string]string `yaml:"topics"`
}

// ParseTopics reads a topics file. It is strict: a topic that is missing or not
// Vigil's, a field that it does not know and a setting under which Vigil would lose
// data are errors that say what was found and what is wanted.
func ParseTopics(file []byte) (p TopicPlan, err error) {
	var f topicsFile
	d := yaml.NewDecoder(bytes.NewReader(file))
	d.KnownFields(true)
	if err := d.Decode(&f); errors.Is(err, io.EOF) {
		return p, errors.New("the file is empty; deploy/topics.yaml is one to start from")
	} else if err != nil {
		return p, err
	}
	if err := d.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return p, errors.New("a second document after the first; keep one list of topics in a file")
	}
	switch {
	case f.Version != 1:
		return p, fmt.Errorf("version is %d, this program knows 1", f.Version)
	case f.Partitions < 1:
		return p, fmt.Errorf("partitions is %d, want 1 or more", f.Partitions)
	case f.Replication < 1 && f.Replication != -1:
		return p, fmt.Errorf("replication is %d, want 1 or more, or -1 for what the brokers are set to", f.Replication)
	}
	for topic := range f.Topics {
		if !slices.Contains(schemas.Topics[:], topic) {
			return p, fmt.Errorf("topic %s is not one of Vigil's: %s (names are without --topic-prefix)", topic, strings.Join(schemas.Topics[:], ", "))
		}
	}
	p = TopicPlan{Partitions: f.Partitions, Replication: f.Replication, Settings: map[string]map[string]string{}}
	for _, topic := range schemas.Topics {
		own, ok := f.Topics[topic]
		if !ok {
			return p, fmt.Errorf("topic %s is missing; all %d are needed, {} where one needs no settings of its own", topic, len(schemas.Topics))
		}
		p.Settings[topic] = map[string]string{}
		maps.Copy(p.Settings[topic], f.Settings)
		maps.Copy(p.Settings[topic], own)
		if err := relied(topic, p.Settings[topic]); err != nil {
			return p, err
		}
	}
	return p, nil
}

// relied says which of the settings that Vigil relies on a topic does not have.
func relied(topic string, s map[string]string) error {
	cleanup := "delete"
	if topic == schemas.TopicAlertStates {
		cleanup = "compact"
	}
	for _, want := range []struct{ name, value, why string }{
		{"message.timestamp.type", "LogAppendTime", "the broker forgets by record time who may write"},
		{"max.message.bytes", strconv.Itoa(MaxMessageBytes), "the largest strips and images have this size"},
		{"cleanup.policy", cleanup, "compaction keeps one record a key, which is right for states of alerts only"},
	} {
		if got := s[want.name]; !enough(want.name, got, want.value) {
			if got == "" {
				got = "missing"
			}
			return fmt.Errorf("topic %s: %s is %s, want %s: %s", topic, want.name, got, want.value, want.why)
		}
	}
	if text, ok := s["retention.ms"]; ok {
		if n, err := strconv.ParseInt(text, 10, 64); err != nil || n < -1 {
			return fmt.Errorf("topic %s: retention.ms is %s, want milliseconds, or -1 for ever", topic, text)
		}
	}
	return nil
}

// enough says whether a setting that was found will do for one that is wanted: a larger limit
// and a longer time will.
func enough(name, got, want string) bool {
	switch name {
	case "max.message.bytes", "min.insync.replicas", "retention.bytes", "retention.ms":
		g, gErr := strconv.ParseInt(got, 10, 64)
		w, wErr := strconv.ParseInt(want, 10, 64)
		if gErr != nil || wErr != nil {
			return got == want
		}
		forEver := strings.HasPrefix(name, "retention.") && g == -1
		return forEver || g >= w && (w != -1 || g == w)
	}
	return got == want
}
