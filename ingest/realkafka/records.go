package realkafka

import (
	"context"
	"fmt"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Record is one of a topic, as a client that is not Vigil's reads it.
type Record = kgo.Record

// Records calls each for what is in a topic now, partition by partition in order, and ends with
// its error. It reads with another client than the program's, so that what a test counts does
// not hang on the program's own reading. Records of aborted transactions are left out.
func Records(ctx context.Context, brokers []string, topic string, each func(*Record) error) error {
	ends, err := offsets(ctx, brokers, topic, -1)
	if err != nil {
		return err
	}
	begins, err := offsets(ctx, brokers, topic, -2)
	if err != nil {
		return err
	}
	from := map[int32]kgo.Offset{}
	for p, end := range ends {
		if begins[p] < end {
			from[p] = kgo.NewOffset().At(begins[p])
		}
	}
	if len(from) == 0 {
		return nil
	}
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: from}),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords())
	if err != nil {
		return err
	}
	defer c.Close()
	for len(from) > 0 {
		fetches := c.PollFetches(ctx)
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("reading %s: %w", topic, err)
		}
		for _, e := range fetches.Errors() {
			return fmt.Errorf("reading %s/%d: %w", e.Topic, e.Partition, e.Err)
		}
		for records := fetches.RecordIter(); !records.Done(); {
			r := records.Next()
			if r.Offset >= ends[r.Partition]-1 {
				delete(from, r.Partition)
			}
			if r.Offset < ends[r.Partition] && !r.Attrs.IsControl() {
				if err := each(r); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// offsets are those of a topic's partitions at one of Kafka's special timestamps: -1 is the end,
// -2 the beginning.
func offsets(ctx context.Context, brokers []string, topic string, at int64) (map[int32]int64, error) {
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return nil, err
	}
	defer c.Close()
	meta := kmsg.NewMetadataRequest()
	named := kmsg.NewMetadataRequestTopic()
	named.Topic = &topic
	meta.Topics = append(meta.Topics, named)
	described, err := meta.RequestWith(ctx, c)
	if err != nil {
		return nil, err
	}
	list := kmsg.NewListOffsetsRequest()
	list.ReplicaID = -1
	of := kmsg.NewListOffsetsRequestTopic()
	of.Topic = topic
	for _, p := range described.Topics[0].Partitions {
		one := kmsg.NewListOffsetsRequestTopicPartition()
		one.Partition, one.Timestamp = p.Partition, at
		of.Partitions = append(of.Partitions, one)
	}
	list.Topics = append(list.Topics, of)
	out := map[int32]int64{}
	for _, shard := range c.RequestSharded(ctx, &list) {
		if shard.Err != nil {
			return nil, shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.ListOffsetsResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return nil, fmt.Errorf("offsets of %s/%d: %w", topic, p.Partition, err)
				}
				out[p.Partition] = p.Offset
			}
		}
	}
	return out, nil
}

// DeleteRecords makes a partition begin at an offset, as retention does: a test need not wait
// until a record is old.
func DeleteRecords(ctx context.Context, brokers []string, topic string, partition int, begin int64) error {
	c, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		return err
	}
	defer c.Close()
	r := kmsg.NewDeleteRecordsRequest()
	r.TimeoutMillis = 10_000
	of := kmsg.NewDeleteRecordsRequestTopic()
	of.Topic = topic
	one := kmsg.NewDeleteRecordsRequestTopicPartition()
	one.Partition, one.Offset = int32(partition), begin
	of.Partitions = append(of.Partitions, one)
	r.Topics = append(r.Topics, of)
	for _, shard := range c.RequestSharded(ctx, &r) {
		if shard.Err != nil {
			return shard.Err
		}
		for _, t := range shard.Resp.(*kmsg.DeleteRecordsResponse).Topics {
			for _, p := range t.Partitions {
				if err := kerr.ErrorForCode(p.ErrorCode); err != nil {
					return fmt.Errorf("records of %s/%d before %d cannot be deleted: %w", topic, partition, begin, err)
				}
			}
		}
	}
	return nil
}
