package kafka

import "time"

// Steady is how long this process has run by its monotonic clock, which goes on evenly
// whatever is done to the time of day. It stands still while the whole machine is suspended.
func Steady() time.Duration { return now().Sub(begun) }

var begun = now()

// Heard is what a broker has said of its clock: it showed Time, in Unix ms, at some moment
// between From and Till, as Steady counts.
type Heard struct {
	Time       int64
	From, Till time.Duration
}

// Between are the earliest and the latest time, in Unix ms, that the broker's clock can show at
// a moment as Steady counts.
func (h Heard) Between(moment time.Duration) (earliest, latest int64) {
	return h.Time + (moment - h.Till).Milliseconds(), h.Time + (moment - h.From).Milliseconds()
}

// Heard is what the leader of a partition has said with the newest batch. ok is false where it
// has said nothing, since the topic keeps the writers' times (message.timestamp.type).
func (p *Producer) Heard(topic string, partition int) (h Heard, ok bool) {
	if heard := p.target(topic, partition).heard.Load(); heard != nil {
		return *heard, true
	}
	return h, false
}
