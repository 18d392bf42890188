package intake

import (
	"sync"
	"time"

	"github.com/vigil-icu/vigil/ingest/kafka"
	"github.com/vigil-icu/vigil/schemas"
)

// leeway is how far two clocks may stand apart and still agree.
const leeway = 2 * schemas.Second

// clock says what time it is for the live events of a partition. Somebody may set the time of
// day of a machine, so that no clock is believed alone. Three are asked:
//
//   - the worker's, which is what Worker.Clock says;
//   - the broker's, as it was heard with what was appended to the log last;
//   - the steady one: what this clock said last and, from there, the process's monotonic clock.
//
// The one in the middle is right. The worker's is taken as it is while it is within leeway
// of that. A broker tells its time where the log has message.timestamp.type LogAppendTime,
// as deploy/topics.yaml has it; without it, the steady clock is right against the worker's.
// Where nothing steady is known yet, at the process's first claim of the partition, the
// broker's is. So neither a machine's clock nor a broker's takes the log with it when it
// jumps, and it is believed again as soon as it is back.
type clock struct {
	worker *Worker
	steady func() time.Duration // nil: the worker's is believed, in tests

	mu      sync.Mutex
	heard   kafka.Heard // zero: the broker does not tell
	last    schemas.Time
	lastAt  time.Duration // by steady
	known   bool          // last and lastAt are set
	doubted bool
}

// hear takes in what the broker said of its clock. The longer the answer took the less it
// says: one heard before stays in force for as long as it is the more exact, and is thought to
// lose a hundredth of the time that passes.
func (c *clock) hear(h kafka.Heard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.heard.Time == 0 || h.Till-h.From <= c.heard.Till-c.heard.From+(h.Till-c.heard.Till)/100 {
		c.heard = h
	}
}

// now is the time that live events get.
func (c *clock) now() schemas.Time {
	wall := c.worker.Clock()
	if c.steady == nil {
		return wall
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	moment := c.steady()
	broker, steady := wall, c.last+schemas.Time((moment-c.lastAt).Milliseconds())
	if c.heard.Time != 0 {
		earliest, latest := c.heard.Between(moment)
		broker = min(max(wall, schemas.Time(earliest)), schemas.Time(latest))
	}
	right := wall
	switch {
	case c.known && c.heard.Time != 0:
		right = max(min(wall, broker), min(max(wall, broker), steady))
	case c.known:
		right = steady
	case c.heard.Time != 0:
		right = broker
	}
	c.last, c.lastAt = right, moment
	agreed := wall-right <= leeway && right-wall <= leeway
	if agreed {
		right = wall
		if c.heard.Time == 0 {
			c.last = wall // it may be set right little by little, and nothing else says so
		}
	}
	c.known = true
	switch {
	case !agreed && !c.doubted:
		c.worker.doubt(wall - right)
	case agreed && c.doubted:
		c.worker.trust()
	}
	c.doubted = !agreed
	return right
}

// doubt and trust say once for all partitions that the worker's clock is not believed, and that
// it is again.
func (w *Worker) doubt(ahead schemas.Time) {
	if w.doubts.Add(1) == 1 {
		w.Log.Error().Stringer("ahead", time.Duration(ahead)*time.Millisecond).
			Msg("this machine's clock was set, or differs from Kafka's: live events get the time of Kafka's and of this process until it agrees; see to its time service, and where it is right after all, begin this process again")
	}
}

func (w *Worker) trust() {
	if w.doubts.Add(-1) == 0 {
		w.Log.Info().Msg("this machine's clock agrees again: live events get its time")
	}
}

// maxLead is how far a log may be ahead of the clock and still go on from where it is.
const maxLead = 10 * schemas.Minute

// pace makes of the clock's time that of the log, which does not go back: what was written
// stays true, and a patient's clock stays where it is. A log that is ahead, because it was
// written by a clock that was, goes on at half speed until it has been caught up with. So no
// patient waits: at worst scores come half as often. A log that is more than maxLead ahead can be met only where an older
// version wrote it, or two clocks of three were wrong. It goes back to the clock, since
// nothing would be seen by values that are all old: new patients are watched at once, those
// whose clock was taken along stand where they are until then.
type pace struct {
	seen schemas.Time // the clock's time that the log's last step counts from
}

// at is the log's time for what the clock dates now, where last is the log's time before it.
func (p *pace) at(now, last schemas.Time) (at schemas.Time, back bool) {
	if now >= last || last-now > maxLead {
		p.seen = now
		return now, now < last
	}
	if p.seen == 0 {
		p.seen = now
	}
	half := max(0, now-p.seen) / 2
	p.seen += 2 * half
	return last + half, false
}
