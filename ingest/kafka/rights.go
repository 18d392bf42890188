package kafka

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

// ErrUnsaid means that the brokers do not say what a user may do.
var ErrUnsaid = errors.New("the brokers do not say which rights this user has")

// needed are the operations on a topic that a worker does, by their numbers in the Kafka protocol.
var needed = []struct {
	number int
	name   string
}{{3, "Read"}, {4, "Write"}, {8, "Describe"}}

// MissingRights are the rights on its topics that a worker needs and this user lacks, such as "Write on icu.log.v1";
// a topic that may not be described, or is not there, lacks them all. ErrUnsaid means that the brokers do not tell.
func (c *Cluster) MissingRights(ctx context.Context) (missing []string, err error) {
	r := kmsg.NewPtrMetadataRequest()
	r.Version = 8 // which tells rights; from 13 on another request would be needed
	r.IncludeTopicAuthorizedOperations = true
	for _, name := range c.names() {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &name
		r.Topics = append(r.Topics, topic)
	}
	answer, err := c.ask(ctx, anyBroker, r)
	if errors.Is(err, errTooOld) {
		return nil, ErrUnsaid
	}
	if err != nil {
		return nil, fmt.Errorf("asking for rights: %w", err)
	}
	may := map[string]int32{}
	for _, t := range answer.(*kmsg.MetadataResponse).Topics {
		if t.Topic == nil {
			continue
		}
		if t.ErrorCode == 0 && (t.AuthorizedOperations == math.MinInt32 || t.AuthorizedOperations == 0) {
			return nil, ErrUnsaid
		}
		may[*t.Topic] = t.AuthorizedOperations
	}
	for _, topic := range schemas.Topics {
		for _, n := range needed {
			if may[c.topic(topic)]&(1<<n.number) == 0 {
				missing = append(missing, n.name+" on "+c.topic(topic))
			}
		}
	}
	return missing, nil
}
