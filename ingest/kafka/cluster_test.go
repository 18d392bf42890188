package kafka

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"go.uber.org/goleak"

	"github.com/vigil-icu/vigil/ingest/realkafka"
	"github.com/vigil-icu/vigil/schemas"
)

// The suite runs over the embedded broker; with VIGIL_REAL=1 over a real one, each
// test under a prefix of its own.
func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

type suite struct{ m *testing.M }

// Run implements goleak.TestingM. The cleaner is to come at once, not every 15 s.
func (s suite) Run() int {
	return realkafka.Main(s.m, realkafka.Options{Properties: []string{"log.cleaner.backoff.ms=100"}})
}

// testCluster is a broker with all topics. The second result is nil on a real one.
func testCluster(t testing.TB, partitions int) (*Cluster, *kfake.Cluster) {
	t.Helper()
	var (
		c      *Cluster
		broker *kfake.Cluster
	)
	if k := realkafka.Shared(); k != nil {
		c = &Cluster{Brokers: k.Addresses, Prefix: realkafka.Prefix()}
	} else {
		var err error
		if broker, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.BrokerConfigs(map[string]string{"message.max.bytes": fmt.Sprint(MaxMessageBytes)})); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(broker.Close)
		c = &Cluster{Brokers: broker.ListenAddrs()}
	}
	t.Cleanup(c.Close)
	if made, err := c.CreateTopics(t.Context(), partitions, 1); err != nil || made != len(schemas.Topics) {
		t.Fatalf("CreateTopics = %d, %v", made, err)
	}
	return c, broker
}

// faulty is a cluster whose broker can be told to misbehave.
func faulty(t *testing.T, partitions int) (*Cluster, *kfake.Cluster) {
	t.Helper()
	c, broker := testCluster(t, partitions)
	if broker == nil {
		t.Skip("a real broker does not misbehave on demand: unset VIGIL_REAL")
	}
	return c, broker
}

// deleteRecords makes a partition begin at an offset, as retention does.
func deleteRecords(t *testing.T, c *Cluster, topic string, partition int, begin int64) {
	t.Helper()
	if err := realkafka.DeleteRecords(t.Context(), c.Brokers, c.topic(topic), partition, begin); err != nil {
		t.Fatal(err)
	}
}

func messages(n, from int) []schemas.Message {
	out := make([]schemas.Message, n)
	for i := range out {
		out[i] = schemas.Message{
			Key: []byte("k"), Value: fmt.Appendf(nil, "v%d", from+i),
			Headers: []schemas.Header{{Key: schemas.HeaderType, Value: schemas.TypeLog}, {Key: "i", Value: fmt.Sprint(from + i)}},
		}
	}
	return out
}

// mustAppend appends n messages to partition 0 of a topic.
func mustAppend(t testing.TB, p *Producer, topic string, n, from int) int64 {
	t.Helper()
	base, err := p.Append(t.Context(), topic, 0, messages(n, from))
	if err != nil {
		t.Fatal(err)
	}
	return base
}

// readAll reads what is in a partition now, claims left out.
func readAll(t testing.TB, c *Cluster, topic string, partition int) []schemas.Message {
	t.Helper()
	all, err := c.LastRecords(t.Context(), topic, partition, 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	var out []schemas.Message
	for _, m := range all {
		if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeClaim {
			out = append(out, m)
		}
	}
	return out
}

// wantValues holds the values against v<from>, v<from+1>, ...
func wantValues(t testing.TB, got []schemas.Message, n, from int) {
	t.Helper()
	if len(got) != n {
		t.Fatalf("%d records, want %d", len(got), n)
	}
	for i := range got {
		if want := fmt.Sprintf("v%d", from+i); string(got[i].Value) != want {
			t.Fatalf("record %d (offset %d) is %s, want %s", i, got[i].Offset, got[i].Value, want)
		}
	}
}

// setTopic changes one setting of a topic.
func setTopic(t *testing.T, c *Cluster, topic, name, value string) {
	t.Helper()
	r, err := c.client.IncrementalAlterConfigs(t.Context(), &kafkago.IncrementalAlterConfigsRequest{Resources: []kafkago.IncrementalAlterConfigsRequestResource{{
		ResourceType: kafkago.ResourceTypeTopic, ResourceName: c.topic(topic),
		Configs: []kafkago.IncrementalAlterConfigsRequestConfig{{Name: name, Value: value, ConfigOperation: kafkago.ConfigOperationSet}},
	}}})
	if err != nil || r.Resources[0].Error != nil {
		t.Fatal(err, r)
	}
}

func TestCreateTopicsTwice(t *testing.T) {
	c, _ := testCluster(t, 3)
	if made, err := c.CreateTopics(t.Context(), 3, 1); err != nil || made != 0 {
		t.Fatalf("the second CreateTopics = %d, %v, want none made", made, err)
	}
	if n, err := c.Partitions(t.Context()); err != nil || n != 3 {
		t.Fatalf("Partitions = %d, %v", n, err)
	}
	if findings, err := c.CheckTopics(t.Context(), ShippedTopics()); err != nil || len(findings) != 0 {
		t.Fatalf("CheckTopics = %v, %v", findings, err)
	}
	for _, bad := range [][2]int{{0, 1}, {1, 0}, {-3, 1}} {
		if _, err := c.CreateTopics(t.Context(), bad[0], bad[1]); err == nil {
			t.Errorf("%d partitions with %d replicas are accepted", bad[0], bad[1])
		}
	}
}

func TestCheckTopicsFinds(t *testing.T) {
	c, _ := testCluster(t, 2)
	setTopic(t, c, schemas.TopicLog, "cleanup.policy", "compact")
	setTopic(t, c, schemas.TopicScores, "message.timestamp.type", "CreateTime")
	setTopic(t, c, schemas.TopicNotes, "max.message.bytes", fmt.Sprint(1<<20))
	setTopic(t, c, schemas.TopicECG, "max.message.bytes", fmt.Sprint(32<<20)) // more than enough is good
	if _, err := c.client.CreatePartitions(t.Context(), &kafkago.CreatePartitionsRequest{
		Topics: []kafkago.TopicPartitionsConfig{{Name: c.topic(schemas.TopicADT), Count: 4}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.client.DeleteTopics(t.Context(), &kafkago.DeleteTopicsRequest{Topics: []string{c.topic(schemas.TopicVitals)}}); err != nil {
		t.Fatal(err)
	}
	want := []string{
		schemas.TopicVitals + ": is missing", schemas.TopicADT + ": has 4 partitions", schemas.TopicNotes + ": max.message.bytes is 1048576",
		schemas.TopicLog + ": cleanup.policy is compact", schemas.TopicScores + ": message.timestamp.type is CreateTime",
	}
	var findings []Finding
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(50 * time.Millisecond) { // until the metadata is new
		var err error
		if findings, err = c.CheckTopics(t.Context(), ShippedTopics()); err != nil {
			t.Fatal(err)
		}
		if len(findings) == len(want) || time.Now().After(deadline) {
			break
		}
	}
	if len(findings) != len(want) {
		t.Errorf("%d findings, want %d: %v", len(findings), len(want), findings)
	}
	for _, text := range want {
		found := false
		for _, f := range findings {
			found = found || strings.HasPrefix(f.String(), c.Prefix+text) && f.Mend != ""
		}
		if !found {
			t.Errorf("nothing says %q in %v", text, findings)
		}
	}
	if _, err := c.Partitions(t.Context()); err == nil {
		t.Error("Partitions is content with unequal topics")
	}
}

func TestNobodyThere(t *testing.T) {
	c := &Cluster{Brokers: []string{"127.0.0.1:1"}}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := c.Reach(ctx); !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Fatalf("Reach = %v, want ErrUnreachable naming the address", err)
	}
	if err := (&Cluster{}).Reach(ctx); !errors.Is(err, ErrUnreachable) {
		t.Fatalf("Reach without brokers = %v, want ErrUnreachable", err)
	}
}
