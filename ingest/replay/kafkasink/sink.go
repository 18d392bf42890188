package kafkasink

import (
	"context"
	"fmt"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// producerName is the transactional id of the replayer: a second one on the same
// topics fences the first.
const producerName = "vigil-replay"

// Sink publishes a plan into the raw topics, each message once, also over crashes: every message
// carries its position in the plan, and what a partition already holds is left out. It
// implements replay.Resumer.
type Sink struct {
	appender
	cluster *kafka.Cluster
	run     string
	sent    int                           // events published so far
	there   [len(schemas.RawTopics)][]int // by partition: the position in the plan of the last event that is there, -1 where there is none
}

// New returns a sink for raw topics with n partitions.
func New(c *kafka.Cluster, partitions int) *Sink {
	return &Sink{cluster: c, appender: appender{partitions: partitions, pending: map[target][]schemas.Message{}}}
}

// Start reads how far an earlier process came, from the last records of every partition. Topics
// that hold another run which has not ended are refused, and so is a run without a name behind
// one that has: their patients would be taken for each other.
func (k *Sink) Start(ctx context.Context, p *replay.Plan) (replay.Resume, error) {
	k.run = p.Run
	k.producer = k.cluster.NewProducer(k.cluster.Prefix + producerName)
	at := replay.Resume{}
	ends := 0
	for t, topic := range schemas.RawTopics {
		k.there[t] = make([]int, k.partitions)
		for partition := range k.partitions {
			k.there[t][partition] = -1
			last, err := k.lastRecorded(ctx, topic, partition)
			if err != nil {
				return at, err
			}
			if last == nil {
				continue
			}
			end, err := k.resume(last, t, p, &at)
			if err != nil {
				return at, err
			}
			if end {
				ends++
			}
		}
	}
	at.To = max(at.To, at.From)
	at.Ended = ends == k.partitions*len(schemas.RawTopics)
	k.sent = at.From
	return at, nil
}

// lastRecorded is the last message or mark of any run in a partition, nil where there is none.
// Live messages may stand behind it, so it looks further and further back.
func (k *Sink) lastRecorded(ctx context.Context, topic string, partition int) (*schemas.Message, error) {
	for n := 1; ; n *= 8 {
		tail, err := k.cluster.LastRecords(ctx, topic, partition, n)
		if err != nil {
			return nil, err
		}
		for i := len(tail) - 1; i >= 0; i-- {
			if run, _ := tail[i].Header(schemas.HeaderRun); run != "" {
				return &tail[i], nil
			}
		}
		if len(tail) < n {
			return nil, nil
		}
		if n > 1e5 {
			return nil, fmt.Errorf("the last %d messages of %s, partition %d, are live ones, so how far a run came cannot be told: replay into topics of its own (--topic-prefix)", n, topic, partition)
		}
	}
}

// resume takes in the last record of one partition, and says whether that is the run's end
// mark.
func (k *Sink) resume(m *schemas.Message, topic int, p *replay.Plan, at *replay.Resume) (end bool, err error) {
	mark, isMark, problem := schemas.ParseMark(m)
	if problem != nil {
		return false, problem
	}
	run, _ := m.Header(schemas.HeaderRun)
	if run != p.Run {
		switch {
		case !isMark || !mark.End:
			return false, fmt.Errorf("%s/%d holds the run %q, which has not ended: let it end first (the same command again goes on with it), end it where it stands (vigil replay --end %s), or start with a fresh --state or --topic-prefix", m.Topic, m.Partition, run, run)
		case p.Name == "":
			return false, fmt.Errorf("%s/%d holds another run (%q, this one is %q): name this one with --run NAME, so that its patients are told from that one's", m.Topic, m.Partition, run, p.Run)
		}
		return false, nil // behind the end of another run this one begins
	}
	text, _ := m.Header(replay.HeaderIndex)
	index, err := strconv.Atoi(text)
	if err != nil || index < 0 || index > p.Len() {
		return false, fmt.Errorf("%s/%d offset %d: header %s is %.40q, want a position in the plan", m.Topic, m.Partition, m.Offset, replay.HeaderIndex, text)
	}
	if !isMark {
		k.there[topic][m.Partition] = index
		at.To = max(at.To, index+1)
		return false, nil
	}
	// Everything before a mark was acknowledged before it went out, everywhere.
	k.there[topic][m.Partition] = index - 1
	at.From, at.Play = max(at.From, index), max(at.Play, mark.Play)
	return mark.End, nil
}

// Publish appends messages to their partitions, side by side, and returns when all of them are
// acknowledged.
func (k *Sink) Publish(ctx context.Context, messages []schemas.Message) error {
	for i := range messages {
		m := &messages[i]
		text, _ := m.Header(replay.HeaderIndex)
		index, err := strconv.Atoi(text)
		if err != nil {
			return fmt.Errorf("message without position in its plan: %w", err)
		}
		k.sent = max(k.sent, index+1)
		partition := kafka.PartitionOf(m.Key, k.partitions)
		if index > k.there[schemas.RawTopicIndex(m.Topic)][partition] {
			k.add(m.Topic, partition, *m)
		}
	}
	return k.flush(ctx)
}

// Mark appends the mark to every partition of every raw topic: each partition may have another owner,
// and each owner must hear of it.
func (k *Sink) Mark(ctx context.Context, play int64, end bool) error {
	m := schemas.NewMark(k.run, play, end)
	m.Headers = append(m.Headers, schemas.Header{Key: replay.HeaderIndex, Value: strconv.Itoa(k.sent)})
	for _, topic := range schemas.RawTopics {
		for partition := range k.partitions {
			k.add(topic, partition, m)
		}
	}
	return k.flush(ctx)
}

// Stop ends a run early so that everything which was published can pass intake: it sends what has
// the same playing time as the last message, then a mark, as no mark may lie between events of
// one playing time. It returns the mark's playing time in milliseconds, -1 where nothing was
// sent.
func (k *Sink) Stop(ctx context.Context, p *replay.Plan) (play int64, err error) {
	if k.sent == 0 {
		return -1, nil
	}
	play = p.Event(k.sent - 1).Play
	var rest []schemas.Message
	for i := k.sent; i < p.Len() && p.Event(i).Play == play; i++ {
		m, err := p.Message(i)
		if err != nil {
			return play, err
		}
		rest = append(rest, m)
	}
	if err := k.Publish(ctx, rest); err != nil {
		return play, err
	}
	return play, k.Mark(ctx, play, k.sent == p.Len())
}
