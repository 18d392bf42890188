package kafka

import (
	"context"
	"errors"
	"fmt"

	kafkago "github.com/segmentio/kafka-go"

	"github.com/vigil-icu/vigil/schemas"
)

// Evict takes the members out of a group that have this cluster's ClientID: those
// of an earlier process that died without leaving, for which the group would wait
// until their session ends. It returns how many there were. ClientID must be one that no other
// process uses; a member that is alive after all only joins once more. Evict fails with
// ErrDenied for want of rights.
func (c *Cluster) Evict(ctx context.Context, group string) (evicted int, err error) {
	c.init()
	name := c.topic(group)
	err = c.retry(ctx, "looking at group "+name, func() error {
		described, err := c.client.DescribeGroups(ctx, &kafkago.DescribeGroupsRequest{Addr: c.client.Addr, GroupIDs: []string{name}})
		if err != nil {
			return err
		}
		leave := &kafkago.LeaveGroupRequest{Addr: c.client.Addr, GroupID: name}
		for _, g := range described.Groups {
			if g.Error != nil {
				return g.Error
			}
			for i := range g.Members {
				if g.Members[i].ClientID == c.ClientID {
					leave.Members = append(leave.Members, kafkago.LeaveGroupRequestMember{ID: g.Members[i].MemberID})
				}
			}
		}
		if evicted = len(leave.Members); evicted == 0 {
			return nil
		}
		left, err := c.client.LeaveGroup(ctx, leave)
		if err != nil {
			return err
		}
		return left.Error
	})
	if err != nil {
		return 0, fmt.Errorf("taking members of %s out of group %s: %w", c.ClientID, name, denied(err, "Read on this group"))
	}
	return evicted, nil
}

// Owned says, by partition, whether a member of a group owns it: that of any process. While the
// group settles nobody owns anything. It fails with ErrDenied for want of rights.
func (c *Cluster) Owned(ctx context.Context, group string) ([]bool, error) {
	n, err := c.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	owned := make([]bool, n)
	name := c.topic(group)
	err = c.retry(ctx, "looking at group "+name, func() error {
		described, err := c.client.DescribeGroups(ctx, &kafkago.DescribeGroupsRequest{Addr: c.client.Addr, GroupIDs: []string{name}})
		if err != nil {
			return err
		}
		clear(owned)
		for _, g := range described.Groups {
			if errors.Is(g.Error, kafkago.GroupIdNotFound) {
				continue // nobody has joined yet
			}
			if g.Error != nil {
				return g.Error
			}
			for i := range g.Members {
				for _, topic := range g.Members[i].MemberAssignments.Topics {
					for _, p := range topic.Partitions {
						if topic.Topic == c.topic(schemas.TopicLog) && p >= 0 && p < n {
							owned[p] = true
						}
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("who owns what in group %s: %w", name, denied(err, "Describe on this group"))
	}
	return owned, nil
}

// Committed returns, by partition of a topic, the next offset that a group's members have
// committed, -1 where none has. It fails with ErrDenied for want of rights.
func (c *Cluster) Committed(ctx context.Context, group, topic string) ([]int64, error) {
	n, err := c.Partitions(ctx)
	if err != nil {
		return nil, err
	}
	committed := make([]int64, n)
	request := &kafkago.OffsetFetchRequest{Addr: c.client.Addr, GroupID: c.topic(group), Topics: map[string][]int{c.topic(topic): make([]int, n)}}
	for p := range n {
		request.Topics[c.topic(topic)][p] = p
	}
	err = c.retry(ctx, "reading committed offsets", func() error {
		r, err := c.client.OffsetFetch(ctx, request)
		if err != nil {
			return err
		}
		if errors.Is(r.Error, kafkago.GroupIdNotFound) {
			for p := range committed {
				committed[p] = -1 // nobody has joined yet; Kafka says so for each partition
			}
			return nil
		}
		if r.Error != nil {
			return r.Error
		}
		for _, p := range r.Topics[c.topic(topic)] {
			if p.Error != nil {
				return p.Error
			}
			committed[p.Partition] = p.CommittedOffset
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("committed offsets of group %s: %w", c.topic(group), denied(err, "Describe on this group and its topics"))
	}
	return committed, nil
}
