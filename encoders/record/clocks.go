package record

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/vigil-icu/vigil/schemas"
)

// This file says what is done about senders whose clocks are off. A clock that is fast is
// seen by each message, which was measured before it came. One that is slow is not: a message
// may be late. So times ahead of the arrival are mended, and times behind it are kept, which
// count from the arrival on; the least delay of several messages in a row says how far
// behind a clock may be.

// ahead is the problem of a live event that was measured in the future.
func ahead(event schemas.Time, r *schemas.Record) *schemas.Problem {
	if r.Provenance&schemas.Recorded != 0 || event <= r.At+schemas.MaxAhead {
		return nil
	}
	return schemas.NewProblem(schemas.Future, "", event.String(), fmt.Sprintf("at most 5 min after %s; check the sender's clock", r.At))
}

// arrive lets what a live record says to be measured after it came count as measured on its
// arrival, since nothing is known before it happens: values of a monitor whose clock is fast
// must neither wait for that time nor hide what comes after the clock was set right. The
// newest of them gets the arrival, others keep their distance to it. A retraction keeps the
// time that it names. It comes behind RecordHash, so that a repeat has the identity of
// what it repeats.
func arrive(r *schemas.Record) {
	if r.Provenance&schemas.Recorded != 0 {
		return
	}
	newest := r.At
	if r.Item != nil {
		newest = max(newest, r.Item.EventTime)
	}
	for i := range r.Observations {
		if o := &r.Observations[i]; o.Flags&schemas.Retracted == 0 {
			newest = max(newest, o.EventTime)
		}
	}
	lead := newest - r.At
	if lead == 0 {
		return
	}
	if lead > schemas.MaxSkew {
		r.Provenance |= schemas.ClockOff
	}
	if r.Item != nil && r.Item.EventTime > r.At {
		r.Item.EventTime -= lead
	}
	for i := range r.Observations {
		if o := &r.Observations[i]; o.EventTime > r.At && o.Flags&schemas.Retracted == 0 {
			o.EventTime -= lead
		}
	}
}

// Clocks measures how far the clocks of senders stand from intake's, each of a patient's by
// itself, since a gateway forwards the times of many monitors. It takes the messages of
// monitors: those with values at one time. It is safe for concurrent use; nil measures
// nothing. What it knows is of this process; only the mark that it sets, schemas.ClockOff,
// enters the log.
type Clocks struct {
	kept    int // devices that are remembered; beyond it all are measured anew
	mu      sync.Mutex
	devices map[device]*deviceClock
	anew    int // how often that was
}

type device struct{ source, patient string }

// deviceClock is what is known of one clock.
type deviceClock struct {
	least schemas.Time // least delay, arrival less event time, of those counted in n
	n     int
	last  schemas.Time // delay of the message before
	delay schemas.Time // the verdict: how late its messages are at least; negative: so far ahead is it
	known bool
}

// clockRun is how many messages in a row must be late for a clock to be taken for slow.
const clockRun = 8

// NewClocks returns a measure that has seen nothing. It remembers as many devices as the site's
// limits say; nil: the shipped ones.
func NewClocks(l *schemas.Limits) *Clocks {
	return &Clocks{kept: l.Of(schemas.LimitDevices), devices: map[device]*deviceClock{}}
}

// Anew is how often there were too many devices, so that all are measured anew.
func (c *Clocks) Anew() int {
	if c == nil {
		return 0
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.anew
}

// judge takes in when a live message was measured, and marks the record if the sender's clock
// is off.
func (c *Clocks) judge(r *schemas.Record, event schemas.Time) {
	if c == nil || r.Provenance&schemas.Recorded != 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.devices[device{r.Source, r.Patient}]
	if d == nil {
		if len(c.devices) >= c.kept {
			clear(c.devices)
			c.anew++
		}
		d = &deviceClock{}
		c.devices[device{strings.Clone(r.Source), strings.Clone(r.Patient)}] = d
	}
	if d.take(r.At - event); d.off() {
		r.Provenance |= schemas.ClockOff
	}
}

// take takes in the delay of a message. A lead is known at once, and so is a delay beyond which no
// value counts; any other is that of the message that took least time, of clockRun. Two in a row
// that are late by the same half hours are enough: that is a time zone.
func (d *deviceClock) take(delay schemas.Time) {
	if d.n == 0 {
		d.least = delay
	}
	d.least = min(d.least, delay)
	if d.n++; d.n == clockRun {
		d.delay, d.known, d.n = d.least, true, 0
	}
	zone := zoneOf(delay)
	switch {
	case delay < 0 && (!d.known || delay < d.delay), delay > schemas.Reach, zone != 0 && zone == zoneOf(d.last):
		d.delay, d.known = delay, true
	}
	d.last = delay
}

// zoneOf is the half hours by which a message seems to be late because its sender writes local
// times without a zone, 0 if it does not seem so.
func zoneOf(delay schemas.Time) schemas.Time {
	const step = 30 * schemas.Minute
	zone := (delay + step/2) / step * step
	if zone < step || zone > 14*schemas.Hour || delay > zone+schemas.MaxSkew || delay < zone-schemas.MaxSkew {
		return 0
	}
	return zone
}

func (d *deviceClock) off() bool {
	return d.known && (d.delay > schemas.MaxSkew || d.delay < -schemas.MaxSkew)
}

// Skew is how far the clocks of one sender's devices are off.
type Skew struct {
	Source  string
	Devices int // patients of whom it sends
	Off     int // those whose clock is off by more than schemas.MaxSkew
	// Fastest is how far the fastest of the clocks is ahead of intake's, and Slowest how far
	// the slowest may be behind it: so late are its messages at least. 0: none is.
	Fastest, Slowest schemas.Time
}

// String says it in a line for people.
func (s Skew) String() string {
	var how []string
	if s.Fastest > schemas.MaxSkew {
		how = append(how, fmt.Sprintf("%d s fast", s.Fastest/schemas.Second))
	}
	if s.Slowest > schemas.MaxSkew {
		slow := fmt.Sprintf("%d s slow or late", s.Slowest/schemas.Second)
		if zoneOf(s.Slowest) != 0 {
			slow += ", as by local times without a zone (see --zone)"
		}
		how = append(how, slow)
	}
	if how == nil {
		return fmt.Sprintf("%s: the clocks of %d devices agree", s.Source, s.Devices)
	}
	return fmt.Sprintf("%s: the clocks of %d of %d devices are off, up to %s", s.Source, s.Off, s.Devices, strings.Join(how, " and "))
}

// Skews are those of all senders, by name.
func (c *Clocks) Skews() []Skew {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	bySource := map[string]*Skew{}
	for k, d := range c.devices {
		s := bySource[k.source]
		if s == nil {
			s = &Skew{Source: k.source}
			bySource[k.source] = s
		}
		s.Devices++
		if d.known {
			s.Fastest, s.Slowest = max(s.Fastest, -d.delay), max(s.Slowest, d.delay)
		}
		if d.off() {
			s.Off++
		}
	}
	all := make([]Skew, 0, len(bySource))
	for _, s := range bySource {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Skew) int { return cmp.Compare(a.Source, b.Source) })
	return all
}
