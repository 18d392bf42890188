package kafka

import (
	"cmp"
	"slices"
	"sync/atomic"

	kafkago "github.com/segmentio/kafka-go"
)

// sortedRange gives each member a contiguous range of partitions, the same numbers in every
// topic. kafka-go's own range balancer goes by the order in which the metadata lists
// partitions, which differs from topic to topic.
//
// Where the leader does not see every topic with as many partitions, members would get other
// numbers in one topic than in another. Then nobody gets anything, and the group assigns
// again.
type sortedRange struct {
	partial atomic.Bool // the last assignment of this leader was empty for that reason
}

// ProtocolName differs from Kafka's "range", so that no other program can be in the group.
func (*sortedRange) ProtocolName() string { return "vigil-range" }

// UserData is what a member tells the leader, which needs nothing.
func (*sortedRange) UserData() ([]byte, error) { return nil, nil }

// AssignGroups implements kafkago.GroupBalancer. The leader calls it. Members are taken in the
// order of their ids, so that the order in which they joined does not matter.
func (r *sortedRange) AssignGroups(members []kafkago.GroupMember, partitions []kafkago.Partition) kafkago.GroupMemberAssignments {
	members = slices.Clone(members)
	slices.SortFunc(members, func(a, b kafkago.GroupMember) int { return cmp.Compare(a.ID, b.ID) })
	byTopic := map[string][]int{}
	for _, p := range partitions {
		byTopic[p.Topic] = append(byTopic[p.Topic], p.ID)
	}
	n, equal := -1, true
	for _, m := range members {
		for _, topic := range m.Topics {
			if n < 0 {
				n = len(byTopic[topic])
			}
			equal = equal && n > 0 && len(byTopic[topic]) == n
		}
	}
	r.partial.Store(!equal)
	assignments := kafkago.GroupMemberAssignments{}
	for i, m := range members {
		mine := map[string][]int{}
		assignments[m.ID] = mine
		if !equal {
			continue
		}
		for _, topic := range m.Topics {
			ids := byTopic[topic]
			slices.Sort(ids)
			mine[topic] = ids[i*len(ids)/len(members) : (i+1)*len(ids)/len(members)]
		}
	}
	return assignments
}
