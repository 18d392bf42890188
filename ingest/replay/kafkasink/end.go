package kafkasink

import (
	"context"
	"fmt"
	"strconv"

	"github.com/vigil-icu/vigil/ingest/replay"
	"github.com/vigil-icu/vigil/schemas"
)

// End ends a run that nobody goes on with, at the playing time of the last that was published of
// it, so that another run may begin. A player of it that still runs is fenced. It returns the
// playing time in milliseconds; again says that the run had ended before.
func (k *Sink) End(ctx context.Context, run string) (play int64, again bool, err error) {
	k.run, play = run, -1
	k.producer = k.cluster.NewProducer(k.cluster.Prefix + producerName)
	ends := 0
	for _, topic := range schemas.RawTopics {
		for partition := range k.partitions {
			last, err := k.lastRecorded(ctx, topic, partition)
			if err != nil {
				return -1, false, err
			}
			if last == nil {
				continue
			}
			mark, isMark, problem := schemas.ParseMark(last)
			if problem != nil {
				return -1, false, fmt.Errorf("%s/%d offset %d: %w", topic, partition, last.Offset, problem)
			}
			end := isMark && mark.End
			if name, _ := last.Header(schemas.HeaderRun); name != run {
				if end {
					continue // of the run before
				}
				return -1, false, fmt.Errorf("%s/%d holds the run %q, which has not ended: end that one", topic, partition, name)
			}
			at, index, err := placeOf(last)
			if err != nil {
				return -1, false, err
			}
			play, k.sent = max(play, at), max(k.sent, index)
			if end {
				ends++
			}
		}
	}
	switch {
	case play < 0:
		return -1, false, fmt.Errorf("no topic holds the run %q: see the line with which vigil replay began, and --topic-prefix", run)
	case ends == k.partitions*len(schemas.RawTopics):
		return play, true, nil
	}
	return play, false, k.Mark(ctx, play, true)
}

// placeOf reads the playing time of a recorded message or a mark, and so many events of the plan
// are published with it.
func placeOf(m *schemas.Message) (play int64, sent int, err error) {
	text, _ := m.Header(schemas.HeaderPlay)
	if play, err = strconv.ParseInt(text, 10, 64); err != nil || play < 0 {
		return 0, 0, fmt.Errorf("%s/%d offset %d: header %s is %.40q, want milliseconds", m.Topic, m.Partition, m.Offset, schemas.HeaderPlay, text)
	}
	text, _ = m.Header(replay.HeaderIndex)
	if sent, err = strconv.Atoi(text); err != nil || sent < 0 {
		return 0, 0, fmt.Errorf("%s/%d offset %d: header %s is %.40q, want a position in the plan", m.Topic, m.Partition, m.Offset, replay.HeaderIndex, text)
	}
	if kind, _ := m.Header(schemas.HeaderType); kind != schemas.TypeMark {
		sent++
	}
	return play, sent, nil
}
