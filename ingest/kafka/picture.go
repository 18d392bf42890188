package kafka

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/vigil-icu/vigil/schemas"
)

// Picture is how a Kafka looks: what must stay as it is while a site goes by it.
type Picture struct {
	Cluster string           // the id of the Kafka, which another one does not have
	Topics  map[string]Topic // those of Vigil that are there, without prefix
}

// Topic is a topic in a Picture.
type Topic struct {
	ID         string // that no other topic has, nor one made anew under the same name; empty: the brokers are older than Kafka 3.0 and do not say
	Partitions int
}

// Picture looks at the brokers.
func (c *Cluster) Picture(ctx context.Context) (p Picture, err error) {
	err = c.retry(ctx, "looking at the topics", func() error {
		p, err = c.look(ctx)
		return err
	})
	if err != nil {
		return p, fmt.Errorf("looking at the topics: %w", err)
	}
	c.newest.mu.Lock()
	defer c.newest.mu.Unlock()
	c.newest.picture, c.newest.at = p, Steady()
	return p, nil
}

func (c *Cluster) look(ctx context.Context) (Picture, error) {
	r := kmsg.NewPtrMetadataRequest()
	r.Version = 12
	for _, name := range c.names() {
		topic := kmsg.NewMetadataRequestTopic()
		topic.Topic = &name
		r.Topics = append(r.Topics, topic)
	}
	answer, err := c.ask(ctx, anyBroker, r)
	if errors.Is(err, errTooOld) {
		counts, err := c.counts(ctx)
		p := Picture{Topics: map[string]Topic{}}
		for topic, n := range counts {
			p.Topics[topic] = Topic{Partitions: n}
		}
		return p, err
	}
	if err != nil {
		return Picture{}, err
	}
	m := answer.(*kmsg.MetadataResponse)
	p := Picture{Topics: map[string]Topic{}}
	if m.ClusterID != nil {
		p.Cluster = *m.ClusterID
	}
	for i := range m.Topics {
		if t := &m.Topics[i]; t.ErrorCode == 0 && t.Topic != nil {
			p.Topics[(*t.Topic)[len(c.Prefix):]] = Topic{hex.EncodeToString(t.TopicID[:]), len(t.Partitions)}
		}
	}
	return p, nil
}

// lookEvery is how often owners look whether the topics are still what they were.
const lookEvery = 3 * time.Second

// glance is the newest picture, which all owners of a Cluster share.
type glance struct {
	mu      sync.Mutex
	picture Picture
	at      time.Duration // as Steady counts
	looking bool
}

// glance returns the newest picture and has a newer one made where it is old; it does not wait.
func (c *Cluster) glance() Picture {
	g := &c.newest
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.looking && Steady()-g.at > lookEvery {
		if ctx, done, ok := c.begin(lookEvery); ok {
			g.looking = true
			go func() {
				defer done()
				p, err := c.look(ctx)
				g.mu.Lock()
				defer g.mu.Unlock()
				g.looking, g.at = false, Steady()
				if err == nil {
					g.picture = p
				}
			}()
		}
	}
	return g.picture
}

// ErrGrown means that a topic has more partitions, or fewer, than what was written goes by:
// patients' messages would go to other partitions than what is known of them.
var ErrGrown = errors.New("the topics have another number of partitions than before")

// Same returns ErrGrown where a topic of the picture does not have so many partitions.
func (p Picture) Same(partitions int) error {
	for _, topic := range schemas.Topics {
		if t := p.Topics[topic]; t.Partitions != 0 && t.Partitions != partitions {
			return fmt.Errorf("%w: %s has %d, the log was begun with %d. Kafka cannot take partitions away: make topics with as many as are wanted under another --topic-prefix and send there, or, where the data may go, delete the topics and begin anew with an empty store",
				ErrGrown, topic, t.Partitions, partitions)
		}
	}
	return nil
}
