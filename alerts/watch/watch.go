package watch

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// What is seen by three looks in a row has lasted for After. It began up to Every before the first
// of them, and the third takes up to Look: so it is said within 10 s.
const (
	Every = 2 * time.Second
	After = 3500 * time.Millisecond
	Look  = 2 * time.Second // where a look takes longer, the brokers are away
)

// MaxOff is how far the time of a log may be from the clock unsaid.
const MaxOff = 5 * time.Second

// Sight is what is to be seen of all partitions at one moment.
type Sight struct {
	Store      error // why the store cannot be asked; nil: it answers
	Partitions []Partition
}

// Partition is one of them.
type Partition struct {
	Owned  bool          // by a worker of any process
	Here   bool          // by one of this process
	Topics []Topic       // what is to be done in each topic that this process sees the progress of
	Off    time.Duration // how far the log's time is ahead of the clock, below 0 behind it; 0 where it need not go on
	Late   int           // open stays whose score fell due long ago
	Marks  bool          // recorded messages wait for a progress mark
}

// Topic is how far a topic of a partition is done.
type Topic struct {
	Name      string
	Next, End int64 // offset that is to be done next, and the topic's end
	Held      bool  // an open transaction holds its reader back
}

// Eyes look at the partitions. An error says that the brokers cannot be asked.
type Eyes interface {
	Look(ctx context.Context) (Sight, error)
}

// Watch watches partitions. Its fields must not change after the first call.
type Watch struct {
	Eyes       Eyes
	Partitions int
	Steady     func() time.Duration // time that goes on evenly
	Log        zerolog.Logger

	mu       sync.Mutex // guards all below
	rows     []row
	silences int // that were said
}

// row is what is known of a partition.
type row struct {
	since map[Cause]time.Duration // when each cause was seen first that is seen now
	at    map[string]stand        // by topic, where there is something to be done
	said  Cause                   // None: nothing is amiss that was said
	topic string                  // that said is about, if it is about one
	begun time.Duration           // of what was said
}

// stand is where a topic stands, and since when.
type stand struct {
	next  int64
	since time.Duration
}

// Run looks at the partitions at each tick until ctx ends.
func (w *Watch) Run(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		begun := w.Steady()
		looking, cancel := context.WithTimeout(ctx, Look)
		sight, err := w.Eyes.Look(looking)
		cancel()
		if ctx.Err() != nil {
			return
		}
		w.take(begun, sight, err)
	}
}

// take takes in what a look has shown that began at a moment, and says what is new.
func (w *Watch) take(now time.Duration, sight Sight, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.rows == nil {
		w.rows = make([]row, w.Partitions)
	}
	changes, over := map[line][]int{}, map[line][]int{}
	for p := range w.rows {
		r := &w.rows[p]
		var is finding
		switch {
		case err != nil:
			is = r.only(Kafka, now)
		case p < len(sight.Partitions):
			is = r.see(now, &sight.Partitions[p], sight.Store)
		}
		switch {
		case is.Cause == r.said:
			continue
		case is.Cause == None:
			add(over, p, line{Cause: r.said, topic: r.topic, lasted: (now - r.begun).Round(time.Second)})
		default:
			if r.said == None {
				w.silences++
				r.begun = is.since
			}
			add(changes, p, line{Cause: is.Cause, topic: is.topic})
		}
		r.said, r.topic = is.Cause, is.topic
	}
	for _, l := range sorted(changes) {
		said := w.Log.Error().Ints("partitions", changes[l])
		if l.topic != "" {
			said = said.Str("topic", l.topic)
		}
		switch l.Cause {
		case Kafka:
			said = said.Err(err)
		case Store:
			said = said.AnErr("store", sight.Store)
		}
		said.Msg(l.Cause.text())
	}
	for _, l := range sorted(over) {
		w.Log.Warn().Ints("partitions", over[l]).Stringer("after", l.lasted).Msg("over: " + l.Cause.short())
	}
}

// line is what partitions share that are said in one line of the log.
type line struct {
	Cause
	topic  string
	lasted time.Duration
}

func add(lines map[line][]int, partition int, l line) { lines[l] = append(lines[l], partition) }

// sorted are the keys of lines in the order in which they are said.
func sorted(lines map[line][]int) []line {
	return slices.SortedFunc(maps.Keys(lines), func(a, b line) int {
		return cmp.Or(cmp.Compare(a.Cause, b.Cause), cmp.Compare(a.topic, b.topic), cmp.Compare(a.lasted, b.lasted))
	})
}

// finding is what is amiss with a partition.
type finding struct {
	Cause
	topic string
	since time.Duration
}

// only is the finding where nothing is seen but one cause. What was seen before of the others is
// kept: it may go on unseen.
func (r *row) only(c Cause, now time.Duration) finding {
	if r.since == nil {
		r.since = map[Cause]time.Duration{}
	}
	if _, ok := r.since[c]; !ok {
		r.since[c] = now
	}
	if now-r.since[c] < After {
		return finding{Cause: r.said, topic: r.topic}
	}
	return finding{Cause: c, since: r.since[c]}
}

// see is the finding for a partition that was seen. Of several causes it is the first, as Cause
// has them.
func (r *row) see(now time.Duration, p *Partition, store error) finding {
	seen := map[Cause]bool{
		Unowned: !p.Owned && !p.Here,
		Behind:  p.Off < -MaxOff,
		Ahead:   p.Off > MaxOff,
		Late:    p.Late > 0,
	}
	var found finding
	since := map[Cause]time.Duration{}
	for _, c := range []Cause{Unowned, Late, Behind, Ahead} {
		if !seen[c] {
			continue
		}
		if since[c] = now; r.since != nil {
			if before, ok := r.since[c]; ok {
				since[c] = before
			}
		}
		wait := After
		if c == Behind || c == Ahead {
			wait = Every / 2 // it is far off already, which one look may see by mistake
		}
		if found.Cause == None && now-since[c] >= wait {
			found = finding{Cause: c, since: since[c]}
		}
	}
	r.since = since
	stalled := r.stalled(now, p, store)
	if r.said != None && stalled.Cause != r.said && (stalled.Cause == Marks || stalled.Cause == Elsewhere || stalled.Cause == Stuck) {
		// What held it up is gone, or it has another owner: who works it has a while again.
		for topic, s := range r.at {
			r.at[topic] = stand{s.next, now}
		}
		stalled = finding{}
	}
	if stalled.Cause != None && (found.Cause == None || stalled.Cause < found.Cause) {
		found = stalled
	}
	return found
}

// stalled is the finding for a partition where something is to be done and has not got on for
// long; of several topics, the one that stands longest.
func (r *row) stalled(now time.Duration, p *Partition, store error) (found finding) {
	at := map[string]stand{}
	for i := range p.Topics {
		t := &p.Topics[i]
		if t.Next >= t.End {
			continue
		}
		s := stand{t.Next, now}
		if before, ok := r.at[t.Name]; ok && before.next == t.Next {
			s = before
		}
		at[t.Name] = s
		if now-s.since < After || found.Cause != None && found.since <= s.since {
			continue
		}
		found = finding{Cause: Stuck, topic: t.Name, since: s.since}
		switch {
		case store != nil:
			found.Cause = Store
		case t.Held:
			found.Cause = Held
		case !p.Here:
			found.Cause = Elsewhere
		case p.Marks:
			found.Cause = Marks
		}
	}
	r.at = at
	return found
}

// Status says in a part of a line what is silent now and how often anything was; it is empty
// where nothing ever was.
func (w *Watch) Status() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.silences == 0 {
		return ""
	}
	now := map[Cause][]string{}
	for p := range w.rows {
		if c := w.rows[p].said; c != None {
			now[c] = append(now[c], fmt.Sprint(p))
		}
	}
	text := fmt.Sprintf("; %d silences of partitions were said", w.silences)
	for c := None + 1; c < causes; c++ {
		if len(now[c]) > 0 {
			text += fmt.Sprintf("; now in partition %s: %s", strings.Join(now[c], ","), c.short())
		}
	}
	return text
}

// Silences is how many silences were said, each of one partition.
func (w *Watch) Silences() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.silences
}
